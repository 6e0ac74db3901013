#!/usr/bin/env bash
# reapply.sh [PLAN_BINARY]: applies 1,000 steps that already hold, one `exec` observation each, beside
# the same 1,000 commands fed to one persistent sh; on the local machine and, where SSH_HOST is set,
# over ssh (PLAN_SSH_CONFIG: settings). Prints both times and their ratio, the median of BENCH_RUNS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
plan=$(realpath "${1:-$here/../../build/plan}")
runs=${BENCH_RUNS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/markers"
ssh_options=()
[[ -z ${PLAN_SSH_CONFIG:-} ]] || ssh_options=(-F "$PLAN_SSH_CONFIG")

cat >"$work/markers.plan" <<'PLAN'
module markers
resource marker on host {
  host: host
  path: path
  key host, path
  state there: bool = exec(["/usr/bin/test", "-e", path]).ok
}
operation put(m: marker) on m.host {
  ensures m.there
  do { run ["touch", m.path] }
  undo none
}
PLAN

# write_plan HOST DIRECTORY
write_plan() {
    echo 'plan "a thousand markers"'
    echo 'use "./markers.plan"'
    echo "let target = $1"
    for ((i = 0; i < 1000; i++)); do
        echo "resource m$i = markers.marker(host: target, path: \"$2/m$i\")"
        echo "step s$i = markers.put(m$i)"
    done
}
now() { date +%s%N; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

# compare LABEL PLAN_FILE SHELL...: the shell is fed the same commands.
compare() {
    local label=$1 file=$2 start
    shift 2
    rm -f "$work/ours" "$work/theirs"
    for ((run = 0; run < runs; run++)); do
        start=$(now)
        XDG_STATE_HOME=$work/state-$RANDOM$run "$plan" apply "$file" --yes >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
        echo $((($(now) - start) / 1000)) >>"$work/ours"
        start=$(now)
        "$@" <"$work/commands" >"$work/answers"
        echo $((($(now) - start) / 1000)) >>"$work/theirs"
        [[ $(grep -c '^@0$' "$work/answers") == 1000 ]]
    done
    awk -v label="$label" -v ours="$(median <"$work/ours")" -v theirs="$(median <"$work/theirs")" \
        'BEGIN {printf "%s: apply %.3f s, persistent sh %.3f s, ratio %.2f\n", label, ours / 1e6, theirs / 1e6, ours / theirs}'
}

for ((i = 0; i < 1000; i++)); do
    touch "$work/markers/m$i"
    echo "/usr/bin/test -e $work/markers/m$i; echo @\$?"
done >"$work/commands"
write_plan 'host { local: true }' "$work/markers" >"$work/local.plan"
compare local "$work/local.plan" sh

if [[ -n ${SSH_HOST:-} ]]; then
    ssh "${ssh_options[@]}" "$SSH_HOST" 'mkdir -p /tmp/plan-bench && cd /tmp/plan-bench && i=0 && while [ $i -lt 1000 ]; do : >m$i; i=$((i + 1)); done'
    for ((i = 0; i < 1000; i++)); do echo "/usr/bin/test -e /tmp/plan-bench/m$i; echo @\$?"; done >"$work/commands"
    write_plan "host { address: \"$SSH_HOST\" }" /tmp/plan-bench >"$work/remote.plan"
    compare "over ssh" "$work/remote.plan" ssh "${ssh_options[@]}" "$SSH_HOST" sh
    ssh "${ssh_options[@]}" "$SSH_HOST" 'rm -r /tmp/plan-bench'
fi
