#!/bin/bash
# A run that asks on a terminal, and what is typed there: terminal.sh PROGRAM. On this machine alone.
set -u
plan=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PLAN_STATE_DIR=$work/state HOME=$work TERM=xterm
unset NO_COLOR CLICOLOR_FORCE
failures=0 checks=0

fail() {
  failures=$((failures + 1))
  echo "FAILED: $1"
  cat -v "$work/out" | tail -40 | sed 's/^/  /'
}
holds() { checks=$((checks + 1)); grep -qF -- "$2" <<<"$1" || fail "$3: no \`$2\`"; }
lacks() { checks=$((checks + 1)); ! grep -qF -- "$2" <<<"$1" || fail "$3: has \`$2\`"; }

cat >"$work/asking.plan" <<EOF
plan "Ask on the way"

use std.file

let here = host { local: true }
resource first = file.file(host: here, path: "$work/asked.first")
resource second = file.file(host: here, path: "$work/asked.second")
resource behind = file.file(host: here, path: "$work/asked.behind")

step agreed = approve "Restart the service?"
step one = file.write(first, "one")
step two = file.write(second, "two") { after one }
step three = file.write(behind, "three") { after agreed }
goal second.exists
EOF
# on_terminal WHEN TYPED COMMAND: types it once the file WHEN is there; what the terminal shows is in $out.
on_terminal() {
  checks=$((checks + 1))
  rm -f "$work/missed"
  {
    for ((waited = 0; waited < 100; waited++)); do
      [ ! -e "$1" ] || break
      sleep 0.1
    done
    [ -e "$1" ] || touch "$work/missed"
    sleep 0.5
    printf '%b' "$2"
    sleep 1
  } | timeout 30 script -qec "$3" /dev/null >"$work/out" 2>"$work/err"
  status=${PIPESTATUS[1]}
  out=$(cat "$work/out")
  [ ! -e "$work/missed" ] || fail "while it was asked, nothing made $1"
}

# What does not wait for the answer runs on meanwhile.
on_terminal "$work/asked.second" 'y\n' "$plan apply $work/asking.plan --yes"
[ "$status" = 0 ] && [ -e "$work/asked.behind" ] || fail "a question on a terminal is answered: $status"
holds "$out" "Restart the service?" "the question is on the terminal"
rm -f "$work"/asked.*

# Ctrl-C ends the run at a question, on the way and before it begins.
on_terminal "$work/asked.second" '\003' "$plan apply $work/asking.plan --yes"
[ "$status" = 130 ] || fail "Ctrl-C at a question stops the run: $status"
rm -f "$work"/asked.*
"$plan" rollback "$work/asking.plan" --yes >/dev/null 2>&1
on_terminal /dev/null '\003' "$plan apply $work/asking.plan"
[ "$status" = 130 ] && [ ! -e "$work/asked.first" ] || fail "Ctrl-C at the first question begins nothing: $status"
holds "$out" "Stopped: nothing was done." "Ctrl-C at the first question begins nothing"
"$plan" apply "$work/asking.plan" --yes --approve agreed >/dev/null 2>&1
on_terminal /dev/null '\003' "$plan rollback $work/asking.plan"
[ "$status" = 130 ] && [ -e "$work/asked.first" ] || fail "Ctrl-C at the question of a rollback takes nothing back: $status"
holds "$out" "Stopped: nothing was taken back." "Ctrl-C at the question of a rollback"
"$plan" rollback "$work/asking.plan" --yes >/dev/null 2>&1
on_terminal /dev/null 'n\n' "TERM=dumb NO_COLOR=1 $plan apply $work/asking.plan"
[ "$status" = 5 ] || fail "no at the first question: $status"
lacks "$out" $'\x1b' "a dumb terminal gets no escapes"

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
