#!/usr/bin/env bash
# install_orchestrator.sh NAME RELEASE [--seed ENVIRONMENTS HISTORY_MB] [--validate]: installs the test
# orchestrator (tests/orchestrator) on a host as a package would, and leaves it running: binary, user,
# unit, configuration, database role and database, and the projects its environments are compiled from.
#   --seed      fills it like one that has been in use: environments (at most six, billing, shop, network
#               and so on), agents of which one is paused, and a history of about so many MB
#   --validate  makes project validation with an environment of that name and compiles it, as one does on a
#               new installation
#
#   INMANTA_DB_PASSWORD  the database role's password (default: db-knows-this)
#   INMANTA_SERVER       the binary                    (default: build/inmanta_server)
source "$(dirname "$0")/bed.sh"
synopsis="NAME RELEASE [--seed ENVIRONMENTS HISTORY_MB] [--validate]"
[[ $# -ge 2 ]] || usage "$synopsis"
name=$1 release=$2
shift 2
# The names are those that the test orchestrator seeds.
projects=(billing shop network storage edge mail)
environments=0 history_mb=0 validate=no
while [[ $# -gt 0 ]]; do
    case $1 in
    --seed)
        [[ $# -ge 3 ]] || usage "$synopsis"
        environments=$2 history_mb=$3
        ((environments <= ${#projects[@]})) || die "there are projects for ${#projects[@]} environments only"
        shift 3
        ;;
    --validate) validate=yes && shift ;;
    *) usage "$synopsis" ;;
    esac
done
need_host "$name"
need_lab
password=${INMANTA_DB_PASSWORD:-db-knows-this}
binary=${INMANTA_SERVER:-$scripts/../../build/inmanta_server}
[[ -x $binary ]] || die "there is no $binary: build it first"
api=http://localhost:8888
on_host() { "$scripts/host.sh" "$name" "$@"; }

install_files() {
    on_host 'cat >/usr/bin/inmanta.new && chmod 755 /usr/bin/inmanta.new && mv /usr/bin/inmanta.new /usr/bin/inmanta' <"$binary"
    ! on_host 'ldd /usr/bin/inmanta' | grep 'not found' || die "the image lacks libraries that $binary needs"
    on_host 'cat >/etc/systemd/system/inmanta-server.service; systemctl daemon-reload' \
        <"$scripts/../orchestrator/inmanta-server.service"
    on_host sh -eu <<'ON_HOST'
id -u inmanta >/dev/null 2>&1 ||
    useradd --system --home-dir /var/lib/inmanta --shell /usr/sbin/nologin --user-group inmanta
install -d -o inmanta -g inmanta /var/lib/inmanta /var/log/inmanta
install -d -o root -g inmanta -m 750 /etc/inmanta /etc/inmanta/inmanta.d
ON_HOST
    on_host 'umask 027; cat >/etc/inmanta/inmanta.cfg; chgrp inmanta /etc/inmanta/inmanta.cfg' <<CONFIG
[config]
state-dir = /var/lib/inmanta
log-dir = /var/log/inmanta

[server]
bind-address = 0.0.0.0
bind-port = 8888

[database]
host = localhost
port = 5432
name = inmanta
username = inmanta
password = $password

[double]
release = $release
CONFIG
}

# A quote in the password ends neither the string here nor the statement there; the log does not get it.
make_database() {
    # shellcheck disable=SC2016
    {
        echo "set log_statement = 'none';"
        echo "select 'create role inmanta login'
            where not exists (select from pg_roles where rolname = 'inmanta') \\gexec"
        escaped=${password//\\/\\\\}
        echo "alter role inmanta password E'${escaped//\'/\\\'}';"
        echo "select 'create database inmanta owner inmanta'
            where not exists (select from pg_database where datname = 'inmanta') \\gexec"
    } | on_host 'cd / && runuser -u postgres -- psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1'
}

# Projects are plain directories, at the same place on each host, as if both reached one git server.
make_projects() {
    on_host sh -eu -s "$@" <<'ON_HOST'
for project; do
    mkdir -p "/srv/projects/$project"
    cat >"/srv/projects/$project/main.cf" <<MODEL
# Model of $project
router = "$project-r1"
switch = "$project-s1"
MODEL
done
ON_HOST
}

answers() { on_host "curl --silent --fail $api/api/v1/serverstatus" >/dev/null; }

validate() {
    on_host sh -eu -s "$api" <<'ON_HOST'
call() { curl --silent --show-error --fail --header 'Content-Type: application/json' "$@"; }
first_id() { grep -o '"id": *"[^"]*"' | head -n 1 | cut -d '"' -f 4; }
project=$(call -X PUT "$1/api/v2/project" -d '{"name": "validation"}' | first_id)
environment=$(call -X PUT "$1/api/v2/environment" -d "{\"project_id\": \"$project\", \"name\": \"validation\",
    \"repository\": \"/srv/projects/validation\", \"branch\": \"master\"}" | first_id)
call -X POST "$1/api/v1/notify/$environment" -d '{"update": true}' >/dev/null
tries=0
until call -H "X-Inmanta-Tid: $environment" "$1/api/v2/compilereport" | grep -q '"success": *true'; do
    tries=$((tries + 1))
    [ $tries -lt 150 ] || { echo "the validation project does not compile" >&2; exit 1; }
    sleep 0.2
done
ON_HOST
}

on_host 'systemctl stop inmanta-server 2>/dev/null || true'
install_files
make_database
make_projects "${projects[@]}" validation
if ((environments > 0)); then
    seeded=$(on_host runuser -u inmanta -- inmanta -c /etc/inmanta/inmanta.cfg seed --repository /srv/projects \
        --environments "$environments" --history-mb "$history_mb" 2>&1) || die "cannot seed $name: $seeded"
fi
on_host systemctl enable --quiet --now inmanta-server
wait_until 60 answers || die "the orchestrator on $name does not answer: $(on_host journalctl -u inmanta-server -n 5 --no-pager)"
[[ $validate == no ]] || validate
