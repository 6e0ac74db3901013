#!/bin/bash
# Where the state of a run cannot be kept: on a read-only or a full file system, and on one that fills up in the middle
# of a run: state.sh PROGRAM. Mounts small file systems in a namespace of its own; where none can be made it looks at nothing.
set -u
if [ -z "${PLAN_STATE_TEST:-}" ]; then
  unshare -rm true 2>/dev/null || { echo "no mounts can be made here: nothing was looked at" && exit 0; }
  PLAN_STATE_TEST=1 exec unshare -rm "$0" "$@"
fi
plan=$(realpath "$1")
work=$(mktemp -d)
trap 'umount "$work"/* 2>/dev/null; rm -rf "$work"' EXIT
export HOME=$work PLAN_STATE_DIR=$work/disk/state
failures=0 checks=0

# run STATUS COMMAND…: what it says, on both streams, is in $said.
run() {
  local status=$1
  shift
  checks=$((checks + 1))
  said=$(setsid --wait "$plan" "$@" 2>&1 </dev/null)
  local got=$?
  [ "$got" = "$status" ] || fail "exit status of $*: $got, not $status"
}
fail() {
  failures=$((failures + 1))
  echo "FAILED: $1"
  sed 's/^/  /' <<<"$said" | tail -30
}
says() { checks=$((checks + 1)); grep -qF -- "$1" <<<"$said" || fail "$2: no \`$1\`"; }

mkdir "$work/disk" "$work/data"
cat >"$work/two.plan" <<EOF
plan "Two steps"
use std.file
let here = host { local: true }
resource first = file.file(host: here, path: "$work/data/first")
resource second = file.file(host: here, path: "$work/data/second")
operation make(f: file.file) on f.host {
  ensures f.exists
  do {
    run ["sh", "-c", "[ ! -e $work/fills ] || dd if=/dev/zero of=$work/disk/fill bs=1k status=none || true"]
    run ["touch", f.path]
  }
  undo none
}
step one = make(first)
step two = file.write(second, "two") { after one }
goal second.exists
EOF

# --- read-only
mount -t tmpfs -o ro,size=64k none "$work/disk"
run 0 preview "$work/two.plan"
run 4 apply "$work/two.plan" --yes
says "error[E0820]: the run's state cannot be kept in $work/disk/state: Read-only file system" "the place and the reason"
says "choose another place: PLAN_STATE_DIR, or --journal FILE" "what to do"
[ ! -e "$work/data/first" ] || fail "nothing is done without a journal"
run 4 apply "$work/two.plan" --yes --json
says '"code":"E0820"' "as JSON"
run 0 apply "$work/two.plan" --yes --journal "$work/elsewhere.journal"
rm "$work/data"/*
umount "$work/disk"

# --- full before the run
mount -t tmpfs -o size=64k none "$work/disk"
dd if=/dev/zero of="$work/disk/fill" bs=1k status=none 2>/dev/null
mkdir "$work/disk/state"
run 4 apply "$work/two.plan" --yes
says "cannot grow: the disk is full" "a full disk is told"
says "make room there" "what to do about it"
[ ! -e "$work/data/first" ] || fail "nothing is done without a journal"
rm "$work/disk/fill"

# --- read-only since: what is kept there is read, and a run that has begun goes on nowhere else
run 0 apply "$work/two.plan" --yes
rm "$work/data"/*
mount -o remount,ro "$work/disk"
run 0 status "$work/two.plan"
run 0 preview "$work/two.plan"
run 4 apply "$work/two.plan" --yes
says "journal.lock: Read-only file system" "the place and the reason"
says "a run that has begun goes on with its own journal" "what to do"
mount -o remount,rw "$work/disk"
rm "$work/disk/state"/*

# --- full in the middle: no further step begins, and what was done is found out afterwards
touch "$work/fills"
run 1 apply "$work/two.plan" --yes
says "error[E0806]: the journal cannot be written: $work/disk/state/" "the journal is told"
says "make room there, then run the same command again" "what to do about it"
[ -e "$work/data/first" ] && [ ! -e "$work/data/second" ] || fail "no step begins without its intent"
run 1 status "$work/two.plan"
says "was cut off" "status while the disk is full"
run 0 preview "$work/two.plan"
says "was cut off: run" "preview while the disk is full"
run 4 apply "$work/two.plan" --yes
says "make room there" "again"
rm "$work/disk/fill" "$work/fills"
run 0 apply "$work/two.plan" --yes
[ "$(cat "$work/data/second")" = two ] || fail "the run goes on when there is room"
umount "$work/disk"

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
