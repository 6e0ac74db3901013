#!/usr/bin/env bash
# demo.sh [--keep]: the migration of an orchestrator, from an empty Debian 12 machine: installs packages,
# builds, boots two hosts (the old orchestrator with three environments and 200 MB of history, the new one
# freshly validated), and moves one to the other. As root. Cleans up, unless told to keep the hosts.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=no
case ${1:-} in
'') ;;
--keep) keep=yes ;;
*) echo "usage: demo.sh [--keep]" >&2 && exit 2 ;;
esac
[[ $EUID == 0 ]] || { echo "demo.sh: must run as root: it boots hosts" >&2 && exit 1; }

announce() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

announce "Installing packages and building"
tests/packages.sh build test
cmake -S . -B build -G Ninja >/dev/null
ninja -C build --quiet plan inmanta_server

export TESTBED_WORK=${TESTBED_WORK:-$PWD/tests/testbed/work/demo}
# The same hosts, inputs and command lines as the tests have.
source tests/live/lib.sh
cleanup() {
    local status=$?
    trap '' INT TERM
    if [[ $keep == yes ]]; then
        announce "The hosts stay"
        echo "TESTBED_WORK=$TESTBED_WORK tests/testbed/host.sh new"
        echo "TESTBED_WORK=$TESTBED_WORK tests/testbed/down.sh"
    else
        tests/testbed/down.sh
    fi
    exit "$status"
}
trap cleanup EXIT

announce "Booting the hosts and installing an orchestrator on each"
reset_bed

announce "The plan's inputs: $inputs"
cat "$inputs"

announce "plan check: what is proved before any host is asked"
plan_check -

announce "plan preview: looks at the hosts, changes nothing"
plan_preview -

announce "plan apply: the migration"
plan_apply -

announce "plan graph: the plan as a picture"
plan_graph - --format html -o "$scratch/migration.html"
plan_graph - --format svg -o "$scratch/migration.svg"
ls -l "$scratch"/migration.*

announce "plan apply, again: nothing is left to do"
plan_apply -

announce "The environments, asked from the new server"
api new /api/v2/environment | jq -r '.data[] | "\(.name)\thalted: \(.halted)"'
problems=$(problems_after_migration)
[[ -z $problems ]] || { echo "$problems" && exit 1; }
echo "all goals hold"
