#!/bin/bash
# Drives the built program as a person or a script does: cli.sh PROGRAM. Needs no host and no
# network; everything it writes is in a directory of its own.
set -u
plan=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PLAN_STATE_DIR=$work/state TERM=xterm HOME=$work
unset NO_COLOR CLICOLOR_FORCE
failures=0
checks=0

# expect STATUS WHAT COMMAND…: runs it without a terminal, output in $out and $err.
expect() {
  local status=$1 what=$2
  shift 2
  checks=$((checks + 1))
  setsid --wait "$@" >"$work/out" 2>"$work/err" </dev/null
  local got=$?
  out=$(cat "$work/out") err=$(cat "$work/err")
  [ "$got" = "$status" ] || fail "$what: exit status $got, not $status"
}
fail() {
  failures=$((failures + 1))
  echo "FAILED: $1"
  sed 's/^/  out: /' "$work/out" | head -20
  sed 's/^/  err: /' "$work/err" | head -20
}
holds() { checks=$((checks + 1)); grep -qF -- "$2" <<<"$1" || fail "$3: no \`$2\`"; }
lacks() { checks=$((checks + 1)); ! grep -qF -- "$2" <<<"$1" || fail "$3: has \`$2\`"; }
is_json() { checks=$((checks + 1)); jq -e . >/dev/null 2>&1 <<<"$1" || fail "$2: not JSON"; }
asks() { checks=$((checks + 1)); jq -e "$2" >/dev/null 2>&1 <<<"$1" || fail "$3: not $2"; }

cat >"$work/small.plan" <<EOF
plan "Two files"

use std.file

input base: path = "$work/data"

let here = host { local: true }

resource first = file.file(host: here, path: "\${base}.first")
resource second = file.file(host: here, path: "\${base}.second")

phase "Write" {
  step one = file.write(first, "one\n")
  step two = file.write(second, "two\n") { requires first.exists }
}

goal first.exists
goal second.exists
EOF
printf 'plan "Broken"\n\ngoal nothing_here\n' >"$work/broken.plan"

# --- wrong input
expect 2 "no such command" "$plan" chek "$work/small.plan"
holds "$err" 'there is no command `chek`; did you mean `check`?' "no such command"
expect 2 "a word that is no choice" "$plan" check "$work/small.plan" --color purple
holds "$err" '`purple` is none of always, auto, never' "a word that is no choice"
expect 2 "a choice without a word" "$plan" graph "$work/small.plan" --format
mkdir -p "$work/folder"
: >"$work/empty.plan"
head -c 2000 /bin/ls >"$work/binary.plan"
for command in check graph doc preview test; do
  expect 2 "$command of a file that is not there" "$plan" $command "$work/none.plan"
  holds "$err" "No such file" "$command of a file that is not there"
  expect 2 "$command of a folder" "$plan" $command "$work/folder"
  holds "$err" "Is a directory" "$command of a folder"
  expect 2 "$command of an empty file" "$plan" $command "$work/empty.plan"
  holds "$err" "is empty" "$command of an empty file"
  expect 3 "$command of a binary file" "$plan" $command "$work/binary.plan"
done
checks=$((checks + 1))
[ "$("$plan" graph - --format json <"$work/small.plan" | jq '.nodes | length')" = 2 ] || fail "a plan from standard input"
expect 2 "more than one file" "$plan" check "$work/small.plan" "$work/small.plan"
expect 2 "no test of that title" "$plan" test "$root/plans/static_site.plan" --only nothing
# Who reads may go away: that is no error. A full disk is one.
for command in "check --json" "graph --format html" "doc"; do
  checks=$((checks + 1))
  # shellcheck disable=SC2086
  (set -o pipefail; "$plan" $command "$root/plans/inmanta_migration.plan" 2>"$work/err" | head -n 1 >"$work/out")
  [ $? = 0 ] || fail "$command into a pipe that nobody reads"
  if [ -w /dev/full ]; then
    # shellcheck disable=SC2086
    "$plan" $command "$work/small.plan" >/dev/full 2>"$work/err"
    [ $? = 2 ] || fail "$command onto a full disk"
    holds "$(cat "$work/err")" "No space left" "$command onto a full disk"
  fi
done
checks=$((checks + 1))
CLICOLOR_FORCE=1 "$plan" check "$work/broken.plan" 2>&1 | grep -q $'\e' || fail "CLICOLOR_FORCE"
CLICOLOR_FORCE=1 NO_COLOR=1 "$plan" check "$work/broken.plan" 2>&1 | grep -q $'\e' && fail "NO_COLOR"

# --- help, version, usage
expect 0 "version" "$plan" --version
holds "$out" "plan " "version"
expect 0 "help" "$plan" --help
help=$out
for command in check lint verify preview apply rollback status graph fmt explain test mark-done approve adopt; do
  holds "$help" "  $command  " "help lists $command"
  expect 0 "help of $command" "$plan" "$command" --help
  holds "$out" "Example" "help of $command has examples"
  holds "$out" "--json" "help of $command has --json"
  holds "$(cat "$root/docs/cli.md")" "plan $command" "docs/cli.md has $command"
  # Every option that the help names is documented.
  for option in $(grep -oE -- '--[a-z][a-z-]+' <<<"$out" | sort -u); do
    grep -qF -- "$option" "$root/docs/cli.md" || fail "docs/cli.md lacks $option"
  done
done
expect 0 "help as a word" "$plan" help
[ "$out" = "$help" ] || fail "plan help is plan --help"
expect 0 "help of a command as a word" "$plan" help apply
holds "$out" "plan apply [OPTIONS] FILE" "plan help COMMAND"
expect 0 "version as a word" "$plan" version
holds "$out" "plan " "version as a word"
expect 2 "help of no command" "$plan" help aply
holds "$err" "did you mean \`apply\`?" "help of no command"
expect 2 "no command" "$plan"
expect 2 "unknown command" "$plan" chekc
expect 2 "unknown option" "$plan" check --wrong x
holds "$err" "plan check --help" "a usage error names the help"
expect 2 "unknown option, asked for JSON" "$plan" check --wrong x --json
asks "$out" '.error | contains("--wrong")' "unknown option, asked for JSON"
expect 2 "missing file" "$plan" check "$work/none.plan"
holds "$err" "No such file" "missing file"
expect 2 "--set without a value" "$plan" check "$work/small.plan" --set base
expect 2 "a directory is no plan" "$plan" check "$work"

# --- check
expect 0 "check" "$plan" check "$work/small.plan"
holds "$out" "proven" "check"
[ -z "$err" ] || fail "check writes nothing to standard error"
expect 3 "check of a broken plan" "$plan" check "$work/broken.plan"
holds "$err" "nothing_here" "the diagnostic names the thing"
holds "$err" "error[E0102]" "the diagnostic has its code"
lacks "$err" $'\x1b' "no colour where there is no terminal"
[ -z "$out" ] || fail "diagnostics go to standard error"
expect 3 "colour on request" "$plan" check "$work/broken.plan" --color always
holds "$err" $'\x1b[' "--color always"
expect 3 "CLICOLOR_FORCE" env CLICOLOR_FORCE=1 "$plan" check "$work/broken.plan"
holds "$err" $'\x1b[' "CLICOLOR_FORCE"
expect 3 "NO_COLOR" env NO_COLOR=1 CLICOLOR_FORCE=1 "$plan" check "$work/broken.plan"
lacks "$err" $'\x1b' "NO_COLOR wins over CLICOLOR_FORCE"
expect 3 "check --json" "$plan" check "$work/broken.plan" --json
is_json "$out" "check --json"
asks "$out" '.proven == false and .diagnostics[0].code == "E0102"' "check --json"
expect 3 "check --sarif" "$plan" check "$work/broken.plan" --sarif
asks "$out" '.version == "2.1.0" and .runs[0].results[0].ruleId == "E0102"' "check --sarif"
expect 0 "check --json" "$plan" check "$work/small.plan" --json
asks "$out" '.proven and .steps == 2 and (.digest | length) == 64' "check --json"
expect 0 "check --out" "$plan" check "$work/small.plan" --out "$work/small.json"
is_json "$(cat "$work/small.json")" "compiled plan"
cp "$work/small.json" "$work/again.json"
expect 0 "check --out twice" "$plan" check "$work/small.plan" --out "$work/small.json"
cmp -s "$work/small.json" "$work/again.json" || fail "a compiled plan is the same each time"
expect 0 "check of a compiled plan" "$plan" check "$work/small.json"
expect 2 "--set with a compiled plan" "$plan" check "$work/small.json" --set base=/x
sed 's/one\\u000a/evil\\u000a/' "$work/small.json" >"$work/forged.json"
cmp -s "$work/small.json" "$work/forged.json" && fail "the forged plan is not another one"
expect 2 "a changed compiled plan is refused" "$plan" check "$work/forged.json"

# --- inputs
cat >"$work/inputs.plan" <<EOF2
plan "Inputs"

use std.file

input where: host
input base: path = "/srv"
input from: url = "http://localhost:1"
input password: secret

step write = file.write(file.file(host: where, path: "\${base}/note"), "\${from}")
goal file.file(host: where, path: "\${base}/note").exists
EOF2
for wrong in 'base=srv' 'base=' 'from=localhost' 'from=ftp://x' 'from=http://' 'where=-oProxyCommand=x' \
  'where=host { address: "a b" }' 'where=host { address: "a", port: 99999 }'; do
  expect 3 "the input $wrong" "$plan" check "$work/inputs.plan" --set "$wrong"
  holds "$err" "error[E0640]: input \`${wrong%%=*}\`" "the input $wrong"
done
holds "$err" "\`port\` of a host is a number from 1 to 65535, not 99999" "a wrong port"
printf '{"base": "/srv",\n "from" }' >"$work/wrong.json"
expect 3 "inputs that are no JSON" "$plan" check "$work/inputs.plan" --inputs "$work/wrong.json"
holds "$err" "at line 2, column 9" "inputs that are no JSON"
printf 'where = "local"\nbase = "%s"\npassword = env("INPUTS_PASSWORD")\n' "$work" >"$work/given.plan"
expect 4 "a secret that is not there" "$plan" apply "$work/inputs.plan" --inputs "$work/given.plan"
holds "$err" "secret input \`password\` has no value: the environment has no" "a secret that is not there"
holds "$out" "Refused: nothing was done." "a secret that is not there"
# Of a compiled plan the inputs are part; where secrets come from is not.
expect 0 "compiled with inputs" "$plan" check "$work/inputs.plan" --inputs "$work/given.plan" --out "$work/inputs.json"
expect 0 "a compiled plan gets its secrets from the inputs file" env INPUTS_PASSWORD=x \
  "$plan" apply "$work/inputs.json" --inputs "$work/given.plan" --yes
sed 's/^base.*/base = "\/elsewhere"/' "$work/given.plan" >"$work/elsewhere.plan"
expect 3 "a compiled plan with other inputs" env INPUTS_PASSWORD=x "$plan" apply "$work/inputs.json" --inputs "$work/elsewhere.plan"
holds "$err" "input \`base\`: the plan was compiled with $work" "a compiled plan with other inputs"
expect 2 "a compiled plan with inputs that are not there" "$plan" apply "$work/inputs.json" --inputs "$work/none"
expect 0 "compiled without inputs" "$plan" check "$work/inputs.plan" --out "$work/open.json"
expect 3 "a compiled plan whose inputs were left open" "$plan" apply "$work/open.json" --yes
holds "$err" "input \`where\` has no value" "a compiled plan whose inputs were left open"

# --- verify
expect 0 "check --certificate" "$plan" check "$work/small.plan" --out "$work/small.json" --certificate "$work/small.proof"
is_json "$(cat "$work/small.proof")" "certificate"
expect 0 "verify" "$plan" verify "$work/small.json" "$work/small.proof"
holds "$out" "the certificate proves it" "verify"
expect 0 "verify --json" "$plan" verify "$work/small.json" "$work/small.proof" --json
asks "$out" '.format == "plan-verify/1" and .proven and .faults == []' "verify --json"
expect 0 "certificate of a compiled plan" "$plan" check "$work/small.json" --certificate "$work/again.proof"
cmp -s "$work/small.proof" "$work/again.proof" || fail "a certificate is the same each time"
sed 's/"requirements":\[\[1,0,"plan"/"requirements":[[1,0,"preflight"/' "$work/small.proof" >"$work/forged.proof"
cmp -s "$work/small.proof" "$work/forged.proof" && fail "the forged certificate is not another one"
expect 3 "a changed certificate is refused" "$plan" verify "$work/small.json" "$work/forged.proof"
holds "$err" "what \`two\` requires" "verify names what does not hold"
expect 3 "a certificate that is no certificate" "$plan" verify "$work/small.json" "$work/small.json"
expect 2 "verify without a certificate" "$plan" verify "$work/small.json" "$work/nothing"
expect 2 "verify of no compiled plan" "$plan" verify "$work/small.plan" "$work/small.proof"

# --- a plan that is refused
sed 's/{ requires first.exists }/{\n    requires not first.exists\n    after one\n  }/' "$work/small.plan" >"$work/refused.plan"
expect 3 "check of a refused plan" "$plan" check "$work/refused.plan"
holds "$err" "a schedule that goes wrong" "a refusal comes with a schedule"
expect 3 "check --json of a refused plan" "$plan" check "$work/refused.plan" --json
asks "$out" '.diagnostics[0].schedule.steps[0].step == "one" and (.diagnostics[0].schedule.violated | length) > 0' "the schedule as JSON"
expect 3 "check --sarif of a refused plan" "$plan" check "$work/refused.plan" --sarif
asks "$out" '.runs[0].results[0].codeFlows[0].threadFlows[0].locations | length == 2' "the schedule in SARIF"
for format in dot mermaid json html; do
  expect 3 "graph $format of a refused plan" "$plan" graph "$work/refused.plan" --format "$format"
done
expect 3 "graph of a refused plan" "$plan" graph "$work/refused.plan"
holds "$out" "1. one" "the steps of the schedule are numbered"
holds "$out" "violated:" "and what is violated is drawn"

# --- check --fix
mkdir "$work/fix"
cat >"$work/fix/hurry.plan" <<'EOF'
plan "Typed in a hurry"

use "./ours.plan"

input target: host
input given: version

stpe write = file.write(file.file(host: target, path: "/srv/note"), "${target} ${given}") {
  timout 5min
}
require given >= "7.1.0"
goal file.file(host: target, path: "/srv/nothing").exist
EOF
printf 'module ours\n\nlet longest: duration = 10sec\n' >"$work/fix/ours.plan"
chmod 640 "$work/fix/hurry.plan"
expect 3 "check of what can be mended" "$plan" check "$work/fix/hurry.plan"
holds "$err" "did you mean \`step\`? (\`--fix\` does it)" "a safe fix says so"
holds "$err" "8 + step write = file.write" "a fix shows the line as it would be"
before=$(cat "$work/fix/hurry.plan")
expect 3 "check --fix" "$plan" check "$work/fix/hurry.plan" --fix
holds "$err" "+   timeout 5m" "--fix shows what it changed"
holds "$err" "did you mean \`exists\`?" "--fix leaves names to the author"
holds "$(cat "$work/fix/hurry.plan")" 'goal file.file(host: target, path: "/srv/nothing").exist' "a name is left alone"
holds "$(cat "$work/fix/hurry.plan")" 'use std.file' "--fix adds a missing use"
holds "$(cat "$work/fix/hurry.plan")" 'require given >= version("7.1.0")' "--fix converts"
holds "$(cat "$work/fix/hurry.plan")" '${address(target)} ${given}' "--fix converts in texts"
holds "$(cat "$work/fix/ours.plan")" "duration = 10s" "--fix mends the files that are used"
checks=$((checks + 1))
[ "$(stat -c %a "$work/fix/hurry.plan")" = 640 ] || fail "--fix keeps the mode of a file"
after=$(cat "$work/fix/hurry.plan")
expect 3 "check --fix again" "$plan" check "$work/fix/hurry.plan" --fix --json
asks "$out" '.fixed == [] and .proven == false' "check --fix changes nothing the second time"
checks=$((checks + 1))
[ "$after" = "$(cat "$work/fix/hurry.plan")" ] && [ "$after" != "$before" ] || fail "--fix is idempotent"
printf '%s' "$before" >"$work/fix/hurry.plan"
expect 3 "check --fix --json" "$plan" check "$work/fix/hurry.plan" --fix --json
asks "$out" '[.fixed[].fixes | length] | add >= 5' "check --fix --json says what was changed"
expect 3 "check --sarif with fixes" "$plan" check "$work/fix/hurry.plan" --sarif
asks "$out" '[.runs[0].results[].fixes[]?.artifactChanges[0].replacements[0].insertedContent.text] | index("exists") != null' "SARIF has the fixes"
cp "$work/fix/hurry.plan" "$work/fix/locked.plan"
sed -i '/goal/d' "$work/fix/hurry.plan"
expect 0 "a plan that was mended is proven" "$plan" check "$work/fix/hurry.plan" --fix
holds "$out" "proven" "a plan that was mended is proven"

# --- lint
cat >"$work/fix/lint.plan" <<'EOF'
plan "Two files"

use std.file
use std.postgres

let here = host { address: "10.0.0.5" }
step one = file.write(file.file(host: here, path: "/srv/one"), "one")
goal file.file(host: here, path: "/srv/one").exists
EOF
expect 0 "check says nothing of style" "$plan" check "$work/fix/lint.plan"
[ -z "$err" ] || fail "check says nothing of style"
expect 10 "lint" "$plan" lint "$work/fix/lint.plan"
holds "$err" "W0103" "lint finds an unused module"
holds "$err" "W0202" "lint finds the address of a host"
expect 10 "lint --json" "$plan" lint "$work/fix/lint.plan" --json
asks "$out" '.format == "plan-lint/1" and .findings == 2 and (.diagnostics | map(.name) | sort) == ["literal_host", "unused_import"]' "lint --json"
expect 10 "lint --sarif" "$plan" lint "$work/fix/lint.plan" --sarif
asks "$out" '[.runs[0].results[].ruleId] | sort == ["W0103", "W0202"]' "lint --sarif"
expect 10 "lint --fix" "$plan" lint "$work/fix/lint.plan" --fix
lacks "$(cat "$work/fix/lint.plan")" "std.postgres" "lint --fix removes an unused module"
sed -i 's/^let here/# allow lint literal_host: there is only this one\nlet here/' "$work/fix/lint.plan"
expect 0 "lint with an exception" "$plan" lint "$work/fix/lint.plan"
holds "$out" "nothing to say" "lint with an exception"
expect 3 "lint of a broken plan" "$plan" lint "$work/broken.plan"
for file in "$root"/plans/*.plan; do
  expect 0 "lint $file" "$plan" lint "$file"
done

# --- graph
for format in dot mermaid svg json html; do
  expect 0 "graph $format" "$plan" graph "$work/small.plan" --format "$format"
  holds "$out" "two" "graph $format names the steps"
  expect 0 "graph -o" "$plan" graph "$work/small.plan" --format "$format" -o "$work/graph.$format"
  [ "$out" = "" ] && [ -s "$work/graph.$format" ] || fail "graph -o writes the file only"
done
expect 0 "graph" "$plan" graph "$work/small.plan"
holds "$out" "digraph" "the default is dot"
asks "$(cat "$work/graph.json")" '.format == "plan-graph/1" and (.nodes | length) == 2' "graph json"
expect 0 "graph of a compiled plan" "$plan" graph "$work/small.json" --format json
asks "$out" '.edges[0].reasons[0].state == "first.exists"' "graph of a compiled plan"
expect 3 "graph of a broken plan" "$plan" graph "$work/broken.plan"
expect 2 "unknown format" "$plan" graph "$work/small.plan" --format png

# --- doc
for format in markdown html; do
  expect 0 "doc $format" "$plan" doc "$work/small.plan" --format "$format"
  holds "$out" "first.exists" "doc $format says what is checked"
  holds "$out" "$work/data.first" "doc $format has the commands"
done
checks=$((checks + 1))
"$plan" doc "$root/plans/inmanta_migration.plan" --format html | grep -q 'role <code>inmanta</code>' || fail "doc html has code between backticks"
expect 0 "doc -o" "$plan" doc "$work/small.plan" -o "$work/runbook.md"
[ "$out" = "" ] && [ -s "$work/runbook.md" ] || fail "doc -o writes the file only"
expect 0 "doc --json" "$plan" doc "$work/small.plan" --json
asks "$out" '.format == "plan-runbook/1" and (.sections[0].items | length) == 2' "doc --json"
expect 3 "doc of a broken plan" "$plan" doc "$work/broken.plan"
expect 2 "doc in no format" "$plan" doc "$work/small.plan" --format pdf

# --- path
printf '6.4.2 7.0.0 7.1.0\n8.7.6\nblock 8 -> 9 : a bug\n9.3.0\n' >"$work/releases.txt"
expect 0 "path" "$plan" path --from 6.4.2 --to 8.7.6 --catalogue "$work/releases.txt"
[ "$out" = $'1. 6.4.2 -> 7.1.0\n2. 7.1.0 -> 8.7.6' ] || fail "path says the hops"
expect 0 "path to where one is" "$plan" path --from 8.7.6 --to v8.7.6 --catalogue "$work/releases.txt"
holds "$out" "there already" "path to where one is"
expect 0 "path --json" "$plan" path --from 6.4.2 --to 8.7.6 --catalogue "$work/releases.txt" --json
asks "$out" '.format == "plan-path/1" and .found and .hops[1].from == "7.1.0"' "path --json"
expect 3 "no path" "$plan" path --from 6.4.2 --to 9.3.0 --catalogue "$work/releases.txt"
holds "$err" "8.7.6 -> 9.3.0 is blocked: a bug (line 3 of the catalogue)" "no path says why"
holds "$err" "the furthest that can be reached is 8.7.6" "no path says how far"
expect 3 "no path --json" "$plan" path --from 6.4.2 --to 9.3.0 --catalogue "$work/releases.txt" --json
asks "$out" '(.found | not) and .furthest == "8.7.6" and ([.nearest[].objections // [] | .[].rule] == ["block"])' "no path --json"
expect 2 "path from nowhere" "$plan" path --from 5.0 --to 9.3.0 --catalogue "$work/releases.txt"
holds "$err" "after it comes 6.4.2" "path from nowhere"
expect 2 "path with no version" "$plan" path --from five --to 9.3.0 --catalogue "$work/releases.txt"
expect 2 "path of no component" "$plan" path --from 6.4.2 --to 8.7.6 --to 9.3.0 --catalogue "$work/releases.txt"
expect 2 "path without a catalogue" "$plan" path --from 6.4.2 --to 8.7.6 --catalogue "$work/none.txt"
expect 2 "path with a folder as catalogue" "$plan" path --from 6.4.2 --to 8.7.6 --catalogue "$work"
echo 'blok' >>"$work/releases.txt"
expect 2 "path with a broken catalogue" "$plan" path --from 6.4.2 --to 8.7.6 --catalogue "$work/releases.txt"
holds "$err" "releases.txt: line 5: \`blok\`" "path with a broken catalogue"

# --- fmt
mkdir -p "$work/sources/below"
printf 'plan    "X"\n' >"$work/sources/below/x.plan"
expect 10 "fmt --check" "$plan" fmt --check "$work/sources"
holds "$out" "below/x.plan" "fmt --check lists the file"
expect 0 "fmt" "$plan" fmt "$work/sources"
expect 0 "fmt --check after fmt" "$plan" fmt --check "$work/sources"
[ -z "$out" ] || fail "fmt --check says nothing when all is canonical"
checks=$((checks + 1))
[ "$(printf 'plan    "X"\n' | "$plan" fmt -)" = 'plan "X"' ] || fail "fmt - formats standard input"
printf 'step = = \n' >"$work/sources/wrong.plan"
expect 3 "fmt of a wrong file" "$plan" fmt "$work/sources/wrong.plan"
[ "$(cat "$work/sources/wrong.plan")" = 'step = = ' ] || fail "fmt leaves a wrong file alone"

expect 0 "the shipped plans are canonical" "$plan" fmt --check "$root/plans"

# --- explain
expect 0 "explain" "$plan" explain
holds "$out" "E0102" "explain lists the codes"
expect 0 "explain --json" "$plan" explain --json
asks "$out" 'length > 20' "explain --json"
expect 0 "explain CODE" "$plan" explain E0102
expect 0 "explain code in small letters" "$plan" explain e0102
expect 2 "explain of no code" "$plan" explain E9999
expect 0 "explain step" "$plan" explain step two --plan "$work/small.plan"
holds "$out" "first.exists: \`one\` makes sure of it" "explain step names the provider"
holds "$out" "\`one\`: it needs \`first.exists\` as that leaves it" "explain step says why it comes later"
holds "$out" "if the run dies inside it" "explain step speaks of a crash"
holds "$out" "it is repeated from its beginning" "explain step says what a crash leads to"
expect 0 "explain step, the other one" "$plan" explain step one --plan "$work/small.plan" --json
asks "$out" '.before[0] | startswith("`two`: that needs")' "explain step says what waits for it"
asks "$out" '(.way_back | length) == 2 and (.crash | length) > 0' "explain step has the way back"
holds "$out" "first.exists" "explain step names the state"
expect 2 "explain of no step" "$plan" explain step tow --plan "$work/small.plan"
holds "$err" '`two`' "explain step has a suggestion"

# --- test
for file in "$root"/plans/*.plan; do
  grep -q '^test "' "$file" || continue
  expect 0 "test $file" timeout 10 "$plan" test "$file"
  holds "$out" ", 0 failed" "test $file"
done
expect 0 "test --json" "$plan" test "$root/plans/inmanta_migration.plan" --json
asks "$out" '.passed and (.tests | length) >= 9 and ([.tests[].crash_points] | add) > 100' "test --json"
# A test of the plan tells a wrong plan from a right one.
sed '/^require inmanta.upgradable/d' "$root/plans/inmanta_migration.plan" >"$work/no_rule.plan"
cp "$root/plans/inmanta_releases.txt" "$work/"
expect 3 "test of a plan without its rule" "$plan" test "$work/no_rule.plan"
holds "$out" "FAILED  two major versions at once are refused" "the test names what is wrong"

# --- a whole life
expect 0 "status without a run" "$plan" status "$work/small.plan"
holds "$out" "no run" "status without a run"
expect 10 "preview --exit-code" "$plan" preview "$work/small.plan" --exit-code
holds "$out" "run" "preview"
[ ! -e "$work/data.first" ] || fail "preview changes nothing"
expect 5 "apply where nobody can be asked" "$plan" apply "$work/small.plan"
holds "$out" "Nothing was done." "apply where nobody can be asked"
expect 0 "preview of a text with a value in it" "$plan" preview "$root/plans/static_site.plan" --set base="$work/site"
holds "$out" 'ensures  live.shows == "releases/1"' "preview of a text with a value in it"
[ ! -e "$work/data.first" ] || fail "apply does nothing without a yes"
expect 0 "apply" "$plan" apply "$work/small.plan" --yes --json-into "$work/events"
[ "$(cat "$work/data.first" "$work/data.second")" = $'one\ntwo' ] || fail "apply writes the files"
asks "$(jq -s . "$work/events")" 'map(select(.event == "step_done")) | length == 2' "--json-into"
expect 0 "apply again" "$plan" apply "$work/small.plan" --yes
holds "$out" "nothing was done" "apply again"
expect 0 "preview of what is done" "$plan" preview "$work/small.plan" --exit-code
expect 0 "status" "$plan" status "$work/small.plan" --json
asks "$out" '.format == "plan-status/1" and .has_run' "status --json"
holds "$out" "$work/state/" "status names the journal"
expect 0 "all journals" "$plan" status
holds "$out" "Two files" "status without a file lists the journals"
expect 0 "preview on other hosts, or elsewhere" "$plan" preview "$work/small.plan" --set base="$work/again"
holds "$out" "How long it took before" "preview says how long it took"
asks "$(jq -s . "$work/events")" 'map(select(.event == "step_command" and .step == "two") | .detail) | any(startswith("write "))' "events tell the commands"
expect 2 "mark-done without a reason" "$plan" mark-done "$work/small.plan" one --reason ' '
expect 4 "mark-done of no step" "$plan" mark-done "$work/small.plan" onne --reason x
holds "$err" "did you mean \`one\`?" "mark-done of no step"
expect 4 "approve of a step that asks nobody" "$plan" approve "$work/small.plan" one
holds "$err" "asks nobody: only" "approve of a step that asks nobody"
cat >"$work/made.plan" <<EOF
plan "A directory"
use std.file
let here = host { local: true }
resource made = file.directory(host: here, path: "$work/made")
step make = file.make_directory(made)
goal made.exists
EOF
expect 0 "apply of what needs no undo" "$plan" apply "$work/made.plan" --yes
expect 6 "rollback with nothing to take back" "$plan" rollback "$work/made.plan"
holds "$out" "Nothing had to be taken back" "rollback with nothing to take back"
expect 4 "rollback of what was taken back" "$plan" rollback "$work/made.plan"
expect 0 "quickstart" "$plan" apply "$root/plans/quickstart.plan" --set base="$work/quickstart" --yes
expect 5 "rollback where nobody can be asked" "$plan" rollback "$root/plans/quickstart.plan" --set base="$work/quickstart"
holds "$err" "undo copy with file.remove_directory" "it says what would be taken back"
holds "$out" "Nothing was taken back." "rollback where nobody can be asked"
expect 6 "rollback" "$plan" rollback "$root/plans/quickstart.plan" --set base="$work/quickstart" --yes
[ ! -e "$work/quickstart/data-2" ] || fail "rollback takes back"
rm "$work/data.second"
expect 0 "apply mends what is missing" "$plan" apply "$work/small.json" --yes --json
asks "$(tail -n 1 <<<"$out")" '.format == "plan-report/1" and .outcome == "done"' "apply --json"
expect 0 "an input by --set" "$plan" apply "$work/small.plan" --yes --set base="$work/other"
[ -e "$work/other.second" ] || fail "--set reaches the plan"
expect 0 "an input by the environment" env PLAN_INPUT_BASE="$work/env" "$plan" apply "$work/small.plan" --yes
[ -e "$work/env.second" ] || fail "PLAN_INPUT_BASE reaches the plan"
expect 0 "a foreign PLAN_INPUT variable is ignored" env PLAN_INPUT_OTHER=1 "$plan" check "$work/small.plan"
expect 2 "an --inputs file that is not there" "$plan" check "$work/small.plan" --inputs "$work/none"

# --- what no reader reads to its end, and what is no plan
"$plan" preview "$work/small.plan" --set base="$work/pipe" 2>"$work/err" | head -n 1 >"$work/out"
checks=$((checks + 1))
[ "$(cat "$work/out")" = "Two files" ] && [ ! -s "$work/err" ] || fail "preview into a pipe that is closed"
"$plan" apply "$work/small.plan" --set base="$work/pipe" --yes 2>"$work/err" | head -n 1 >"$work/out"
statuses=${PIPESTATUS[*]} checks=$((checks + 1))
[ "$statuses" = "0 0" ] && [ -e "$work/pipe.second" ] && [ ! -s "$work/err" ] || fail "a run goes on when nobody reads what it says"
expect 3 "a program as a plan" "$plan" check /bin/true
holds "$err" "error[E0001]: this is not a text file: byte 1 is 0x7F" "a program as a plan"
holds "$err" "/bin/true:1:1" "a program as a plan is named"
[ "$(wc -l <<<"$err")" -lt 12 ] && [ "$(wc -c <<<"$err")" -lt 600 ] || fail "a program as a plan is told in few lines"
gzip -c "$work/small.plan" >"$work/small.plan.gz"
expect 3 "a compressed plan" "$plan" check "$work/small.plan.gz" --json
asks "$out" '.diagnostics | length == 1' "a compressed plan is one error"
holds "$out" "gunzip" "a compressed plan is unpacked first"

# --- a tool that a host lacks
cat >"$work/tool.plan" <<EOF
plan "A tool that is not there"

let here = host { local: true }
resource thing on host {
  host: host
  key host
  state made: bool = (run ["no-such-tool", "--made"]).ok
  fact release: string = (run ["no-such-tool", "--release"]).stdout
}
operation make(t: thing) on t.host {
  ensures t.made
  do { run ["no-such-tool", "--make"] }
  undo none
}
resource it = thing(host: here)
require it.release == "1"
step make_it = make(it)
goal it.made
EOF
expect 4 "preview without a tool" "$plan" preview "$work/tool.plan"
holds "$err" "\`no-such-tool --release\` ended with exit status 127 (it said: " "what the command said is told"
holds "$err" "no-such-tool: not found" "which tool is missing is told"

# --- a step by hand, answered beforehand
cat >"$work/hand.plan" <<EOF2
plan "By hand"

use std.file

let here = host { local: true }
resource note = file.file(host: here, path: "$work/hand")

step tell = manual "tell the users"
step put = file.write(note, "told") {
  after tell
}
goal note.exists
EOF2
expect 5 "a step by hand asks" "$plan" apply "$work/hand.plan" --yes
expect 0 "approve of a step by hand" "$plan" approve "$work/hand.plan" tell
holds "$out" "The answer to \`tell\` is recorded: yes." "approve of a step by hand"
expect 1 "status of a run that waits" "$plan" status "$work/hand.plan"
lacks "$out" "under way" "no process works on it"
expect 0 "apply after the answer" "$plan" apply "$work/hand.plan" --yes
[ "$(cat "$work/hand")" = told ] || fail "apply after the answer"
# While a process works on the run, status says which.
mkdir -p "$work/state"
journal=$("$plan" status "$work/hand.plan" --json | jq -r .journal)
flock "$journal.lock" -c "'$plan' status '$work/hand.plan' --json" >"$work/out" </dev/null
asks "$(cat "$work/out")" '.worked_on_by != null' "status --json says who works on the run"

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
