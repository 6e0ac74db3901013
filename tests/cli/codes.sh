#!/bin/bash
# Every code that a run on this machine alone can cause, caused: codes.sh PROGRAM. Codes of other
# hosts, databases and servers are caused in tests/unit/runtime and tests/live.
set -u
plan=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PLAN_STATE_DIR=$work/state HOME=$work
unset DB_PASSWORD
failures=0 checks=0
cd "$work" || exit 2

head='use std.file
let here = host { local: true }
resource a = file.file(host: here, path: "'$work'/a")
resource b = file.file(host: here, path: "'$work'/b")
operation act(f: file.file, script: string) on f.host {
  ensures f.exists
  timeout 3s
  do { run ["sh", "-c", script] }
  undo none
}'
# plan_file TITLE: a plan with the files a and b and an operation that runs any script.
plan_file() { printf 'plan "%s"\n%s\n%s\n' "$1" "$head" "$(cat)" >"$1.plan"; }

# causes CODE COMMAND…: it is reported, no other error is, and the exit status is one of failure.
causes() {
  local code=$1 said status
  shift
  checks=$((checks + 1))
  said=$(setsid --wait "$@" --color never 2>&1 </dev/null)
  status=$?
  if [ "$status" = 0 ] || [ "$(grep -oE '\[E[0-9]{4}\]' <<<"$said" | sort -u)" != "[$code]" ]; then
    failures=$((failures + 1))
    echo "FAILED: $code: $* (status $status)"
    sed 's/^/  /' <<<"$said" | head -30
  fi
}
fresh() { rm -rf "$work/state" "$work/a" "$work/b"; }

# --- inputs
plan_file inputs <<'EOF'
input count: int
input password: secret
require count > 0 else "nothing to count"
operation keep(f: file.file, password: secret) on f.host {
  ensures f.exists
  do { write_secret(f.path, password) }
  undo none
}
step one = keep(a, password)
goal a.exists
EOF
causes E0640 "$plan" check inputs.plan --set count=many
causes E0641 "$plan" check inputs.plan --set cuont=1
causes E0642 "$plan" apply inputs.plan --yes
causes E0643 "$plan" check inputs.plan --set password=hunter2
echo '[1, 2]' >list.json
causes E0644 "$plan" check inputs.plan --inputs list.json
echo 'count = 2' >other.plan
"$plan" check inputs.plan --set count=1 --out compiled.json >/dev/null
causes E0645 "$plan" apply compiled.json --yes --inputs other.plan
printf 'count = 1\npassword = env("DB_PASSWORD")\n' >given.plan
causes E0623 "$plan" apply inputs.plan --yes --inputs given.plan
causes E0501 "$plan" check inputs.plan --set count=0

# --- preflight
plan_file rule <<'EOF'
require a.exists else "the file a must be there"
step make = file.write(b, "b\n")
goal b.exists
EOF
causes E0620 "$plan" apply rule.plan --yes
plan_file needs <<'EOF'
step make = file.write(b, "b\n") { requires a.exists }
goal b.exists
EOF
causes E0621 "$plan" apply needs.plan --yes
plan_file unseen <<'EOF'
resource counter on host {
  host: host
  key host
  state value: int = to_int(exec(["echo", "many"]).stdout)
}
resource counted = counter(host: here)
step make = file.write(b, "b\n") { requires counted.value == 1 }
goal b.exists
EOF
causes E0622 "$plan" apply unseen.plan --yes
plan_file asks <<'EOF'
step make = file.write(b, "b\n")
goal b.exists
EOF
causes E0727 "$plan" apply asks.plan

# --- steps
fresh
plan_file drift <<EOF
resource c = file.file(host: here, path: "$work/c")
step make = act(a, "touch $work/a; rm $work/c")
step use = file.write(b, "b\n") {
  requires a.exists
  requires c.exists
}
goal b.exists
EOF
touch c
causes E0720 "$plan" apply drift.plan --yes
fresh
plan_file failing <<'EOF'
step make = act(a, "echo no room >&2; exit 3")
goal a.exists
EOF
causes E0722 "$plan" apply failing.plan --yes
fresh
plan_file refuses <<'EOF'
operation refuse(f: file.file) on f.host {
  ensures f.exists
  do { fail "not today" }
  undo none
}
step make = refuse(a)
goal a.exists
EOF
causes E0721 "$plan" apply refuses.plan --yes
fresh
plan_file idle <<'EOF'
step make = act(a, "true")
goal a.exists
EOF
causes E0723 "$plan" apply idle.plan --yes
fresh
plan_file undone <<EOF
step make = act(a, "touch $work/a")
step next = act(b, "touch $work/b; rm $work/a") { requires a.exists }
goal a.exists
goal b.exists
EOF
causes E0724 "$plan" apply undone.plan --yes
fresh
plan_file kept <<EOF
step drop = file.remove(a) { allow destroy }
step make = act(b, "touch $work/b $work/a") { after drop }
always not (a.exists and b.exists)
goal b.exists
EOF
causes E0726 "$plan" apply kept.plan --yes
fresh
plan_file computed <<'EOF'
operation compute(f: file.file) on f.host {
  ensures f.exists
  do { run ["touch", text(to_int((run ["echo", "many"]).stdout))] }
  undo none
}
step make = compute(a)
goal a.exists
EOF
causes E0728 "$plan" apply computed.plan --yes
fresh
plan_file nowhere <<'EOF'
resource lost = file.file(host: here, path: "/proc/plan-test/lost")
step make = file.write(lost, "x")
goal lost.exists
EOF
causes E0704 "$plan" apply nowhere.plan --yes
fresh
plan_file slow <<EOF
operation send(f: file.file) on f.host {
  once
  timeout 1m
  do { run ["sh", "-c", "echo \$\$ > $work/pid; exec sleep 30"] }
  undo none
}
step mail = send(a)
EOF
"$plan" apply slow.plan --yes >/dev/null 2>&1 </dev/null &
running=$!
for _ in $(seq 100); do [ -s "$work/pid" ] && break; sleep 0.1; done
causes E0801 "$plan" apply slow.plan --yes
kill -9 "$running" "$(cat "$work/pid")"
wait "$running" 2>/dev/null
causes E0725 "$plan" apply slow.plan --yes

# --- runs and journals
fresh
causes E0808 "$plan" rollback asks.plan --yes
causes E0809 "$plan" mark-done asks.plan maek --reason "a slip"
causes E0810 "$plan" mark-done asks.plan make --reason "not so"
causes E0820 env PLAN_STATE_DIR=/proc/plan-test "$plan" apply idle.plan --yes
causes E0821 "$plan" apply idle.plan --yes --journal idle.plan

echo "$checks codes, $failures failed"
[ "$failures" = 0 ]
