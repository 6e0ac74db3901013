# shellcheck shell=bash disable=SC2034
# What the live tests share: the bed with both orchestrators, the program, and the goals of the
# migration, asked for without the program's help. Sourced, not run.
#
#   PLAN         the program                  (default: build/plan)
#   PLAN_FILE    the plan to carry out        (default: plans/inmanta_migration.plan)
#   HISTORY_MB   size of the old database     (default: 200)
#
# A test prints a line "PASS what" or "FAIL what" for each thing it finds out, and fails if one failed. What
# its runs wrote is in build/live/TEST/.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
testbed=$repository/tests/testbed
test_name=$(basename "${0%.sh}")
scratch=$repository/build/live/$test_name
program=${PLAN:-$repository/build/plan}
plan_file=${PLAN_FILE:-$repository/plans/inmanta_migration.plan}
server_binary=${INMANTA_SERVER:-$repository/build/inmanta_server}
export INMANTA_SERVER=$server_binary
export TESTBED_WORK=${TESTBED_WORK:-$testbed/work/live}
# All that a shell, an ini file, a URL or a password file could trip over.
export INMANTA_DB_PASSWORD="Canary:7q'x\"\$z\\w%m;k"

rm -rf "$scratch"
mkdir -p "$scratch"

# --- Results.

failures=0
pass() { echo "PASS $1"; }
# fail WHAT [WHY]
fail() {
    echo "FAIL $1"
    [[ -z ${2:-} ]] || printf '     %s\n' "${2//$'\n'/$'\n'     }"
    ((++failures))
}
# verify WHAT COMMAND...
verify() {
    local output what=$1
    shift
    if output=$("$@" 2>&1); then
        pass "$what"
    else
        [[ $1 != plan_* ]] || output+=$(output_of "$2")
        fail "$what" "$(tail -n 25 <<<"$output")"
    fi
}
summarise() {
    local status=$?
    trap - EXIT
    end_background
    [[ $status == 0 ]] || fail "$test_name ended early, with status $status"
    [[ $failures == 0 ]] && exit 0
    exit 1
}
trap summarise EXIT
trap 'exit 130' INT TERM

background=()
end_background() {
    local pid
    for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
}

# --- Hosts.

on() { "$testbed/host.sh" "$@"; }
lab() { "$testbed/lab.sh" "$@"; }
on_both() {
    local first second
    "$1" old & first=$!
    "$1" new & second=$!
    wait "$first" && wait "$second"
}

# sql HOST QUERY: asked from the controller, as the servers' role.
sql() { PGPASSWORD=$INMANTA_DB_PASSWORD lab psql -XqAt -h "$1" -U inmanta -d inmanta -c "$2"; }
# administer HOST QUERY, as the cluster's superuser.
administer() { on "$1" 'cd / && runuser -u postgres -- psql -XqAt' <<<"$2"; }
# api HOST PATH [ENVIRONMENT]
api() { lab curl --silent --show-error --max-time 20 ${3:+--header "X-Inmanta-Tid: $3"} "http://$1:8888$2"; }

answers() { api "$1" /api/v1/serverstatus >/dev/null 2>&1; }
# wait_until SECONDS COMMAND...
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

save_clean() { "$testbed/power.sh" "$1" off && "$testbed/disk.sh" "$1" save clean && "$testbed/power.sh" "$1" on; }
restore_clean() {
    "$testbed/power.sh" "$1" cut && "$testbed/disk.sh" "$1" restore clean && "$testbed/power.sh" "$1" on
}

# Both hosts as before the migration: an old orchestrator in use, a new one that was validated. The first call
# makes them and saves their disks, later ones put the disks back.
reset_bed() {
    local made_of clean=$TESTBED_WORK/clean
    made_of=$(sha256sum "$server_binary" "$testbed/install_orchestrator.sh")$INMANTA_DB_PASSWORD${HISTORY_MB:-200}
    if [[ $(cat "$clean" 2>/dev/null) == "$made_of" ]]; then
        on_both restore_clean
    else
        "$testbed/down.sh"
        "$testbed/up.sh" old new
        "$testbed/install_orchestrator.sh" old 7.1.0 --seed 3 "${HISTORY_MB:-200}"
        "$testbed/install_orchestrator.sh" new 8.7.6 --validate
        on_both save_clean
        echo "$made_of" >"$clean"
    fi
    wait_until 60 answers old && wait_until 60 answers new
    forget_runs
    remember_old
}

# What the migration has to preserve, as it is now.
remember_old() {
    environments=$(sql old 'select id, name from environment order by name')
    agents=$(sql old 'select environment, name, paused from agent order by 1, 2')
    schema=$({ schema_of old && schema_of new; } | sort -nu)
    old_clock=$(sql old 'select clock_timestamp()')
    history=$(history_of old)
}
schema_of() { sql "$1" "select unnest(installed_versions) from schemamanager where name = 'core' order by 1"; }
history_of() {
    sql "$1" "select count(*), coalesce(sum(hashtextextended(action_id::text, 0)::numeric), 0)
        from resourceaction where started < '$old_clock'"
}

# --- The program.

# Nothing of an earlier run is known any more.
forget_runs() {
    home=$scratch/home
    rm -rf "$home"
    mkdir -p "$home"/{state,cache,config,data,runtime,tmp}
    chmod 700 "$home/runtime"
    write_inputs
}

# write_inputs [KEY=VALUE...]: the plan's inputs; old, new, old_user, new_user may be replaced.
# shellcheck disable=SC2120
write_inputs() {
    local old=old new=new old_user=deploy new_user=deploy "$@"
    inputs=$scratch/inputs.plan
    cat >"$inputs" <<INPUTS
old = host { address: "$old", user: "$old_user", become: "root" }
new = host { address: "$new", user: "$new_user", become: "root" }
db_password = env("INMANTA_DB_PASSWORD")
INPUTS
}

# run_plan NAME ARGUMENT...: runs the program on the controller; what it prints goes to $scratch/NAME.txt, or where
# NAME is - to the terminal.
run_plan() {
    if [[ $1 == - ]]; then on_controller "${@:2}"; else on_controller "${@:2}" >"$scratch/$1.txt" 2>&1 </dev/null; fi
}
on_controller() {
    lab env HOME="$home" TMPDIR="$home/tmp" XDG_STATE_HOME="$home/state" XDG_CACHE_HOME="$home/cache" \
        XDG_CONFIG_HOME="$home/config" XDG_DATA_HOME="$home/data" XDG_RUNTIME_DIR="$home/runtime" \
        PLAN_SSH_CONFIG="${ssh_config:-$TESTBED_WORK/ssh_config}" \
        "$program" "$@"
}
# These take NAME [ARGUMENT...]. All of the command line that tests use is here.
plan_check() { run_plan "$1" check "$plan_file" "${@:2}"; }
plan_preview() { run_plan "$1" preview "$plan_file" --inputs "$inputs" "${@:2}"; }
# Agrees to what the new server's database loses: what its validation left there.
plan_apply() { run_plan "$1" apply "$plan_file" --inputs "$inputs" --yes --confirm new_db.content "${@:2}"; }
plan_graph() { run_plan "$1" graph "$plan_file" "${@:2}"; }
output_of() { cat "$scratch/$1.txt"; }

# In the background: its pid is then in $run_pid, and is the program's own, so that a test can kill it.
start_apply() {
    plan_apply "$1" &
    local shell=$!
    background+=("$shell")
    wait_until 10 find_child "$shell"
    run_shell=$shell
}
# The program is what the subshell's only descendant became.
find_child() { run_pid=$(pgrep -P "$1" | head -n 1) && [[ -n $run_pid ]]; }

# --- The goals.

on_a_line() { printf "'%.300s'" "${1//$'\n'/ }"; }

no_sessions_on_old() { [[ $(administer old "select count(*) from pg_stat_activity where datname = 'inmanta'") == 0 ]]; }
# Prints what of the migration's outcome is not as it has to be; nothing if all is.
problems_after_migration() {
    local id name state compiles
    expect() { [[ $2 == "$3" ]] || echo "$1: expected $(on_a_line "$2"), found $(on_a_line "$3")"; }
    expect "old server runs" inactive "$(on old systemctl is-active inmanta-server || true)"
    expect "old server starts at boot" disabled "$(on old systemctl is-enabled inmanta-server || true)"
    expect "old port is open" closed "$(if answers old; then echo open; else echo closed; fi)"
    # A query that a killed run had begun ends by itself.
    wait_until 20 no_sessions_on_old || true
    expect "old server's sessions" 0 \
        "$(administer old "select count(*) from pg_stat_activity where datname = 'inmanta'")"
    expect "old environments are halted" "" "$(sql old 'select name from environment where not halted')"
    expect "old history" "$history" "$(history_of old)"
    expect "new server runs" active "$(on new systemctl is-active inmanta-server || true)"
    expect "new server starts at boot" enabled "$(on new systemctl is-enabled inmanta-server || true)"
    state=$(api new /api/v1/serverstatus || true)
    expect "new version" 8.7.6 "$(jq -r .data.version <<<"$state")"
    expect "new server has its database" true \
        "$(jq -r '.data.slices[] | select(.name == "core.database") | .status.connected' <<<"$state")"
    expect "environments" "$environments" \
        "$(api new /api/v2/environment | jq -r '.data | sort_by(.name)[] | "\(.id)|\(.name)"')"
    expect "halted environments" "" "$(api new /api/v2/environment | jq -r '.data[] | select(.halted).name')"
    expect "agents" "$agents" "$(sql new 'select environment, name, paused from agent order by 1, 2')"
    expect "schema" "$schema" "$(schema_of new)"
    expect "history" "$history" "$(history_of new)"
    expect "objects that are not the server's" "" "$(sql new "select tablename from pg_tables
        where schemaname = 'public' and tableowner <> 'inmanta'")"
    # Asked for once, by us, and compiled; whatever the server asked for itself does not count.
    while IFS='|' read -r id name; do
        compiles=$(sql new "select count(*), count(distinct metadata->>'plan_token'), bool_and(success)
            from compile where environment = '$id' and metadata ? 'plan_token'")
        expect "compiles of $name asked for by the plan" "1|1|t" "$compiles"
    done <<<"$environments"
    # After the first environment ran on the new side, its database must never be replaced.
    expect "drops after the point of no return" "" "$(drops_after_resume)"
}

# What the new cluster's log has of dropped or renamed databases after the first compile of ours began.
drops_after_resume() {
    local since
    since=$(sql new "select to_char(min(started) at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS')
        from compile where metadata ? 'plan_token'")
    on new cat /var/log/postgresql/postgresql-15-main.log | awk -v since="$since" '
        substr($0, 1, 19) > since && tolower($0) ~ /: +(drop database|alter database.*rename)/'
}

# verify_migrated WHAT
verify_migrated() {
    local problems
    problems=$(problems_after_migration 2>"$scratch/problems.txt")
    if [[ -z $problems ]]; then pass "$1"; else fail "$1" "$problems"; fi
}

# --- Comparing.

# fingerprints NAME: of both hosts, to $scratch/NAME.old and .new.
fingerprints() {
    "$testbed/fingerprint.sh" old >"$scratch/$1.old" && "$testbed/fingerprint.sh" new >"$scratch/$1.new"
}
# verify_unchanged WHAT BEFORE: both hosts are as when fingerprints BEFORE were taken.
verify_unchanged() {
    fingerprints now || { fail "$1" "no fingerprints" && return; }
    verify "$1" diff <(sed 's/^/old: /' "$scratch/$2.old"; sed 's/^/new: /' "$scratch/$2.new") \
        <(sed 's/^/old: /' "$scratch/now.old"; sed 's/^/new: /' "$scratch/now.new")
}

# verify_says WHAT NAME PATTERN: the output of run NAME has a match of the pattern, in any case.
verify_says() {
    if grep -qiE -- "$3" "$scratch/$2.txt"; then
        pass "$1"
    else
        fail "$1" "no match of $3 in: $(tail -n 25 "$scratch/$2.txt")"
    fi
}
