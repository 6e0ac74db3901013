// The later migrations, and the table of all of them. What each real one does is told by its
// number; these do the same kind of work on the same objects, so that a database that was loaded in
// part fails with the same words as a real one.

#include <map>

#include "tests/orchestrator/base_schema.hpp"
#include "tests/orchestrator/schema.hpp"

namespace orchestrator {
namespace {

// Rewrites every resource: the expensive one. Needs the keys and indexes of the loaded database.
constexpr std::string_view resource_key = R"sql(
alter table only public.resource drop constraint resource_pkey;
alter table only public.resource add primary key (environment, model, resource_id);
drop index resourceaction_resource_version_ids_index;
create type public.resource_id_version_pair as (resource_id varchar, version integer);
update public.resource set
  provides = (select coalesce(array_agg(regexp_replace(provided, ',v=[0-9]+$', '')), '{}')
              from unnest(provides) as provided),
  attributes = attributes || jsonb_build_object('requires', (
    select coalesce(jsonb_agg(regexp_replace(required, ',v=[0-9]+$', '')), '[]'::jsonb)
    from jsonb_array_elements_text(coalesce(attributes->'requires', '[]'::jsonb)) as required));
alter table public.resource drop column resource_version_id;
)sql";

constexpr std::string_view metrics = R"sql(
create table public.environmentmetricsgauge (
  environment uuid not null references public.environment(id) on delete cascade,
  metric_name varchar not null,
  category varchar not null default '__None__',
  "timestamp" timestamptz not null,
  count integer not null,
  primary key (environment, "timestamp", metric_name, category));
create table public.environmentmetricstimer (
  environment uuid not null references public.environment(id) on delete cascade,
  metric_name varchar not null,
  category varchar not null default '__None__',
  "timestamp" timestamptz not null,
  count integer not null,
  value double precision not null,
  primary key (environment, "timestamp", metric_name, category));
)sql";

constexpr std::string_view users = R"sql(
create type public.auth_method as enum ('database', 'oidc');
create table public."user" (
  id uuid primary key,
  username varchar not null unique,
  password_hash varchar not null,
  auth_method public.auth_method not null);
)sql";

constexpr std::string_view persistent_state = R"sql(
create table public.resource_persistent_state (
  environment uuid not null references public.environment(id) on delete cascade,
  resource_id varchar not null,
  last_deploy timestamptz,
  last_deployed_attribute_hash varchar,
  last_deployed_version integer,
  last_non_deploying_status public.non_deploying_resource_state not null default 'available',
  primary key (environment, resource_id));
insert into public.resource_persistent_state
  select distinct on (environment, resource_id) environment, resource_id, last_deploy,
    attribute_hash, model, last_non_deploying_status
  from public.resource order by environment, resource_id, model desc;
)sql";

const std::map<int, std::string_view>& later_migrations() {
  static const std::map<int, std::string_view> scripts{
      {202211230, resource_key},
      {202212010, metrics},
      {202301100,
       "create index environmentmetricstimer_timestamp_index on public.environmentmetricstimer"
       " (environment, \"timestamp\");"},
      {202301110,
       "create index resourceaction_resource_action_id_index on public.resourceaction_resource"
       " (resource_action_id);"},
      {202301120, "alter table public.configurationmodel add column pip_config jsonb;"},
      {202301160, "analyze public.resource;"},
      {202301170,
       "create index compile_completed_environment_index on public.compile"
       " (completed, environment) where completed is not null;"},
      {202301190,
       "create index compile_substitute_compile_id_index on public.compile "
       "(substitute_compile_id);"},
      {202302200,
       "create index resource_environment_agent_idx on public.resource (environment, agent);"},
      {202302270, users},
      {202303070, "alter table public.\"user\" rename to inmanta_user;"},
      {202303071, "alter index public.user_pkey rename to inmanta_user_pkey;"},
      {202304060, "create index if not exists report_started_index on public.report (started);"},
      {202304070,
       "create index resourceaction_environment_status_index on public.resourceaction"
       " (environment, status) where status is not null;"},
      {202306060,
       "create index resource_environment_status_index on public.resource"
       " (environment, status) where status is not null;"},
      {202308010, "alter table public.resource add column last_success timestamptz;"},
      {202308020,
       "alter table public.resource add column last_produced_events timestamptz;"
       "update public.resource set last_success = last_deploy where status = 'deployed';"},
      {202308100,
       "create index notification_environment_read_index on public.notification"
       " (environment, read) where not read;"},
      {202309130,
       "alter table public.environment add column is_marked_for_deletion boolean default false;"},
      {202310040,
       "create index parameter_environment_resource_id_index on public.parameter"
       " (environment, resource_id);"},
      {202310090,
       "update public.environment set settings = jsonb_set(settings,"
       " '{autostart_agent_deploy_interval}',"
       " to_jsonb(settings->>'autostart_agent_deploy_interval'), false)"
       " where settings ? 'autostart_agent_deploy_interval';"},
      {202310180, "update public.agent set unpause_on_resume = null where not paused;"},
      {202311170,
       "create index dryrun_environment_date_index on public.dryrun (environment, date desc);"},
      {202312190, persistent_state},
      {202403220,
       "create index resource_persistent_state_status_index on public.resource_persistent_state"
       " (environment, last_non_deploying_status);"},
  };
  return scripts;
}

}  // namespace

std::string_view migration_script(int version) {
  const auto& later = later_migrations();
  const auto found = later.find(version);
  return found != later.end() ? found->second : base_schema_script(version);
}

}  // namespace orchestrator
