#!/bin/bash
# Takes back what std.file has written, on this machine alone: files.sh PROGRAM.
set -u
plan=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PLAN_STATE_DIR=$work/state HOME=$work
failures=0 checks=0

# is WHAT EXPECTED FOUND
is() {
  checks=$((checks + 1))
  [ "$2" = "$3" ] && return
  failures=$((failures + 1))
  echo "FAILED: $1: expected \`$2\`, found \`$3\`"
  sed 's/^/  /' "$work/said" | tail -30
}
# run STATUS COMMAND…
run() {
  "$plan" "${@:2}" --yes >"$work/said" 2>&1 </dev/null
  is "exit status of ${*:2}" "$1" "$?"
}
# Content, mode and owner of a file, or that there is none.
look() { if [ -e "$1" ]; then cat "$1" && stat -c '%a %u:%g' "$1"; else echo none; fi; }
# forget TEXT: a file of this text that was kept is kept no more, as after 30 days.
forget() {
  local kept
  for kept in "/var/tmp/plan-before-$(id -u)"/*; do
    [ "$(cat "$kept/file" 2>/dev/null)" != "$1" ] || rm -r "$kept"
  done
}

cat >"$work/files.plan" <<EOF
plan "Write files"
use std.file
let here = host { local: true }
resource there = file.file(host: here, path: "$work/there")
resource link = file.file(host: here, path: "$work/link")
resource fresh = file.file(host: here, path: "$work/fresh")
step one = file.write(there, "one\n")
step again = file.write(there, "again\n") { after one }
step new = file.write(fresh, "new\n")
step through = file.write(link, "through\n", mode: "0600")
goal fresh.exists
EOF
printf 'before' >"$work/there"
printf 'behind\n\n' >"$work/behind"
chmod 640 "$work/there"
chmod 604 "$work/behind"
ln -s behind "$work/link"
there=$(look "$work/there") behind=$(look "$work/behind")
run 0 apply "$work/files.plan"
is "what the last of two steps writes" again "$(cat "$work/there")"
is "what is written through a link" through "$(cat "$work/behind")"
run 6 rollback "$work/files.plan"
is "a file is as before the first of two steps" "$there" "$(look "$work/there")"
is "a file that was not there is gone" none "$(look "$work/fresh")"
is "a file behind a link is as before" "$behind" "$(look "$work/behind")"
is "a link is a link" behind "$(readlink "$work/link")"

# That what is old cannot be looked through (other steps rename there meanwhile) keeps no step from writing.
mkdir "$work/bin"
printf '#!/bin/sh\necho "find: it is not there any more" >&2\nexit 1\n' >"$work/bin/find"
chmod +x "$work/bin/find"
PATH=$work/bin:$PATH run 0 apply "$work/files.plan"
is "what is written all the same" new "$(cat "$work/fresh")"
run 6 rollback "$work/files.plan"

# A step that could not write is taken back, too, and changes nothing.
cat >"$work/nowhere.plan" <<EOF
plan "Write nowhere"
use std.file
let here = host { local: true }
resource first = file.file(host: here, path: "$work/there")
resource second = file.file(host: here, path: "$work/none/file")
step one = file.write(first, "one\n")
step two = file.write(second, "two\n") { requires first.content == "one\\n" }
EOF
run 1 apply "$work/nowhere.plan"
is "the step before it has written" one "$(cat "$work/there")"
run 6 rollback "$work/nowhere.plan"
is "the step before it is taken back" "$there" "$(look "$work/there")"

# Where nothing is kept any more, nothing is made up.
marker="before $work"
printf '%s' "$marker" >"$work/there"
run 1 apply "$work/nowhere.plan"
forget "$marker"
run 7 rollback "$work/nowhere.plan"
is "a file whose former content is gone stays" one "$(cat "$work/there")"
is "it is said" 1 "$(grep -c 'error.*cannot be put back: what was there before is not kept any more' "$work/said")"

# --- what a copy writes over is put back as well
cat >"$work/copies.plan" <<EOF
plan "Copy files"
use std.file
let here = host { local: true }
resource source = file.file(host: here, path: "$work/source")
resource other = file.file(host: here, path: "$work/other")
resource there = file.file(host: here, path: "$work/there")
resource link = file.file(host: here, path: "$work/link")
resource fresh = file.file(host: here, path: "$work/fresh")
step one = file.copy(from: source, to: there)
step again = file.copy(from: other, to: there) { after one }
step new = file.copy(from: source, to: fresh)
step through = file.copy(from: source, to: link)
goal fresh.exists
EOF
printf 'source\n' >"$work/source"
printf 'other\0\377' >"$work/other"
printf 'before' >"$work/there"
printf 'behind\n\n' >"$work/behind"
chmod 640 "$work/there"
chmod 604 "$work/behind"
there=$(look "$work/there") behind=$(look "$work/behind")
run 0 apply "$work/copies.plan"
is "what the last of two copies writes" "$(sha256sum <"$work/other")" "$(sha256sum <"$work/there")"
is "what is copied through a link" source "$(cat "$work/behind")"
is "a link is a link after a copy" behind "$(readlink "$work/link")"
run 6 rollback "$work/copies.plan"
is "a file is as before the first of two copies" "$there" "$(look "$work/there")"
is "a copy that was not there is gone" none "$(look "$work/fresh")"
is "a file behind a link is as before the copy" "$behind" "$(look "$work/behind")"
is "a link is a link after the way back" behind "$(readlink "$work/link")"
is "nothing is left beside the files" "" "$(find "$work" -name '*.partial' -o -name '.plan-*')"

# A copy that could not be made has changed nothing that would have to be taken back.
sed -e "s|/fresh\"|/none/fresh\"|" -e '/^step again/d' "$work/copies.plan" >"$work/no_copy.plan"
sed -i 's/Copy files/Copy nowhere/; s/^step new.*/& { after one }/' "$work/no_copy.plan"
run 1 apply "$work/no_copy.plan"
is "the copy before it was made" source "$(cat "$work/there")"
run 6 rollback "$work/no_copy.plan"
is "the copy before it is taken back" "$there" "$(look "$work/there")"

# Where nothing is kept any more of what a copy has overwritten, that is said.
marker="before the copy $work"
printf '%s' "$marker" >"$work/there"
run 1 apply "$work/no_copy.plan"
forget "$marker"
run 7 rollback "$work/no_copy.plan"
is "a copy over what is not kept any more stays" source "$(cat "$work/there")"
is "it is said of a copy" 1 "$(grep -c 'error.*cannot be put back: what was there before is not kept any more' "$work/said")"

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
