#include "tests/orchestrator/base_schema.hpp"

#include <map>

namespace orchestrator {
namespace {

// The enum versionstate comes first: a server started on tables without the row of schemamanager
// begins here and has to stumble over that name.
constexpr std::string_view sql_types_and_environments = R"sql(
create type public.versionstate as enum ('success', 'failed', 'deploying', 'pending');
create type public.resourcestate as enum ('unavailable', 'skipped', 'dry', 'deployed', 'failed',
  'deploying', 'available', 'cancelled', 'undefined', 'skipped_for_undefined', 'processing_events');
create type public.resourceaction_type as enum
  ('store', 'push', 'pull', 'deploy', 'dryrun', 'getfact', 'other');
create type public.change as enum ('nochange', 'created', 'purged', 'updated');
create table public.project (id uuid primary key, name varchar not null unique);
create table public.environment (
  id uuid primary key,
  name varchar not null,
  project uuid not null references public.project(id) on delete cascade,
  repo_url varchar default '',
  repo_branch varchar default '',
  settings jsonb default '{}');
create unique index environment_name_project_index on public.environment (project, name);
create table public.configurationmodel (
  version integer not null,
  environment uuid not null references public.environment(id) on delete cascade,
  date timestamptz,
  released boolean default false,
  deployed boolean default false,
  result public.versionstate default 'pending',
  version_info jsonb,
  total integer default 0,
  undeployable varchar[],
  skipped_for_undeployable varchar[],
  primary key (environment, version));
create unique index configurationmodel_env_version_total_index
  on public.configurationmodel (environment, version desc, total);
create unique index configurationmodel_env_released_version_index
  on public.configurationmodel (environment, released, version desc);
)sql";

constexpr std::string_view sql_agents = R"sql(
create table public.agentprocess (
  hostname varchar not null,
  environment uuid not null references public.environment(id) on delete cascade,
  first_seen timestamptz,
  last_seen timestamptz,
  expired timestamptz,
  sid uuid primary key);
create unique index agentprocess_sid_expired_index on public.agentprocess (sid, expired);
create index agentprocess_env_expired_index on public.agentprocess (environment, expired);
create index agentprocess_expired_index on public.agentprocess (expired) where expired is null;
create table public.agentinstance (
  id uuid primary key,
  process uuid not null references public.agentprocess(sid) on delete cascade,
  name varchar not null,
  expired timestamptz,
  tid uuid not null);
create index agentinstance_expired_index on public.agentinstance (expired) where expired is null;
create index agentinstance_process_index on public.agentinstance (process);
create table public.agent (
  environment uuid not null references public.environment(id) on delete cascade,
  name varchar not null,
  last_failover timestamptz,
  paused boolean default false,
  id_primary uuid references public.agentinstance(id) on delete restrict,
  primary key (environment, name));
create index agent_id_primary_index on public.agent (id_primary) where id_primary is null;
)sql";

constexpr std::string_view sql_resources = R"sql(
create table public.resource (
  environment uuid not null,
  model integer not null,
  resource_id varchar not null,
  resource_version_id varchar not null,
  agent varchar not null,
  last_deploy timestamptz,
  attributes jsonb,
  attribute_hash varchar,
  status public.resourcestate default 'available',
  provides varchar[] default array[]::varchar[],
  primary key (environment, resource_version_id),
  foreign key (environment, model)
    references public.configurationmodel(environment, version) on delete cascade);
create index resource_env_model_agent_index on public.resource (environment, model, agent);
create index resource_env_resourceid_index on public.resource (environment, resource_id, model desc);
create index resource_env_attr_hash_index on public.resource (environment, attribute_hash);
create table public.resourceaction (
  action_id uuid primary key,
  action public.resourceaction_type not null,
  started timestamptz not null,
  finished timestamptz,
  messages jsonb[],
  status public.resourcestate,
  changes jsonb default '{}',
  change public.change,
  environment uuid not null,
  version integer not null,
  resource_version_ids varchar[] not null,
  foreign key (environment, version)
    references public.configurationmodel(environment, version) on delete cascade);
create index resourceaction_resource_version_ids_index
  on public.resourceaction using gin (resource_version_ids);
create index resourceaction_started_index on public.resourceaction (started);
)sql";

constexpr std::string_view sql_parameters = R"sql(
create table public.parameter (
  id uuid primary key,
  name varchar not null,
  value varchar not null default '',
  environment uuid not null references public.environment(id) on delete cascade,
  resource_id varchar default '',
  source varchar not null,
  updated timestamptz,
  metadata jsonb);
create index parameter_env_name_resource_id_index
  on public.parameter (environment, name, resource_id);
create index parameter_metadata_index on public.parameter using gin (metadata jsonb_path_ops);
create table public.unknownparameter (
  id uuid primary key,
  name varchar not null,
  environment uuid not null references public.environment(id) on delete cascade,
  source varchar not null,
  resource_id varchar default '',
  version integer not null,
  metadata jsonb,
  resolved boolean default false,
  foreign key (environment, version)
    references public.configurationmodel(environment, version) on delete cascade);
create index unknownparameter_env_version_index on public.unknownparameter (environment, version);
create index unknownparameter_resolved_index on public.unknownparameter (resolved);
create table public.code (
  environment uuid not null references public.environment(id) on delete cascade,
  resource varchar not null,
  version integer not null,
  source_refs jsonb,
  primary key (environment, version, resource));
)sql";

constexpr std::string_view sql_compiles = R"sql(
create table public.compile (
  id uuid primary key,
  environment uuid not null references public.environment(id) on delete cascade,
  started timestamptz,
  completed timestamptz,
  requested timestamptz,
  metadata jsonb,
  environment_variables jsonb,
  do_export boolean,
  force_update boolean,
  success boolean,
  version integer,
  remote_id uuid,
  handled boolean);
create index compile_env_requested_index on public.compile (environment, requested);
create index compile_env_started_index on public.compile (environment, started desc);
create index compile_env_remote_id_index on public.compile (environment, remote_id);
create table public.report (
  id uuid primary key,
  started timestamptz not null,
  completed timestamptz,
  command varchar not null,
  name varchar not null,
  errstream varchar default '',
  outstream varchar default '',
  returncode integer,
  compile uuid not null references public.compile(id) on delete cascade);
create index report_compile_index on public.report (compile);
create table public.dryrun (
  id uuid primary key,
  environment uuid not null,
  model integer not null,
  date timestamptz,
  total integer default 0,
  todo integer default 0,
  resources jsonb default '{}',
  foreign key (environment, model)
    references public.configurationmodel(environment, version) on delete cascade);
create index dryrun_env_model_index on public.dryrun (environment, model);
)sql";

constexpr std::string_view sql_notifications = R"sql(
create type public.notificationseverity as enum ('message', 'info', 'success', 'warning', 'error');
create table public.notification (
  id uuid not null,
  environment uuid not null references public.environment(id) on delete cascade,
  created timestamptz not null,
  title varchar not null,
  message varchar not null,
  severity public.notificationseverity default 'message',
  uri varchar not null,
  read boolean not null default false,
  cleared boolean not null default false,
  primary key (environment, id));
create index notification_env_created_id_index
  on public.notification (environment, created desc, id);
)sql";

constexpr std::string_view sql_resource_values = R"sql(
create type public.non_deploying_resource_state as enum ('unavailable', 'skipped', 'dry',
  'deployed', 'failed', 'available', 'cancelled', 'undefined', 'skipped_for_undefined',
  'processing_events');
alter table public.resource
  add column resource_type varchar not null default '',
  add column resource_id_value varchar not null default '',
  add column last_non_deploying_status public.non_deploying_resource_state not null
    default 'available';
alter table public.resource
  alter column resource_type drop default, alter column resource_id_value drop default;
create index resource_environment_resource_type_index
  on public.resource (environment, resource_type);
create index resource_environment_resource_id_value_index
  on public.resource (environment, resource_id_value);
)sql";

constexpr std::string_view sql_action_links = R"sql(
create table public.resourceaction_resource (
  environment uuid not null references public.environment(id) on delete cascade,
  resource_action_id uuid not null references public.resourceaction(action_id) on delete cascade,
  resource_id varchar not null,
  resource_version integer not null,
  primary key (environment, resource_id, resource_version, resource_action_id));
)sql";

const std::map<int, std::string_view>& scripts() {
  static const std::map<int, std::string_view> all{
      {1, sql_types_and_environments},
      {2, sql_agents},
      {3, sql_resources},
      {4, sql_parameters},
      {5, sql_compiles},
      {6, "alter table public.environment add column last_version integer default 0;"},
      {7,
       "alter table public.compile add column compile_data jsonb, add column substitute_compile_id"
       " uuid references public.compile(id) on delete cascade;"},
      {17,
       "alter table public.environment add column halted boolean not null default false;"
       "alter table public.agent add column unpause_on_resume boolean;"},
      {202105170, sql_action_links},
      {202106080, sql_resource_values},
      {202106210,
       "create index resource_attributes_index on public.resource"
       " using gin (attributes jsonb_path_ops);"},
      {202109100,
       "create index agentprocess_env_hostname_expired_index on public.agentprocess"
       " (environment, hostname, expired);"
       "alter table public.agentinstance add constraint agentinstance_unique"
       " unique (tid, process, name);"},
      {202111260,
       "create index agentinstance_expired_tid_endpoint_index on public.agentinstance"
       " (tid, name, expired);"},
      {202203140, sql_notifications},
      {202203160,
       "alter table public.environment add column description varchar(255) default '',"
       " add column icon varchar(65535) default '';"},
      {202205250,
       "create index resourceaction_environment_action_started_index on public.resourceaction"
       " (environment, action, started desc);"
       "create index resourceaction_environment_version_started_index on public.resourceaction"
       " (environment, version, started desc);"},
      {202206290, "create index parameter_updated_index on public.parameter (updated);"},
      {202208180,
       "alter table public.compile add column partial boolean default false,"
       " add column removed_resource_sets varchar[] default array[]::varchar[];"},
      {202208190, "alter table public.resource add column resource_set varchar;"},
      {202209090,
       "alter table public.configurationmodel add column partial_base integer,"
       " add column is_suitable_for_partial_compiles boolean not null default false;"},
      {202209130,
       "alter table public.compile add column exporter_plugin varchar,"
       " add column notify_failed_compile boolean, add column failed_compile_message varchar;"},
      {202209160,
       "update public.compile set partial = false, removed_resource_sets = array[]::varchar[]"
       " where partial is null;"},
  };
  return all;
}

}  // namespace

std::string_view base_schema_script(int version) {
  return scripts().at(version);
}

}  // namespace orchestrator
