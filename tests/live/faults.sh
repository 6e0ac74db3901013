#!/usr/bin/env bash
# Hosts that vanish while they are worked on: the run goes on by itself, or stops and is taken up again by
# the same command, and ends where an undisturbed one does.
source "$(dirname "$0")/lib.sh"

# wait_for PATTERN: until the run that is under way has said it.
wait_for() { wait_until 60 grep -qE -- "$1" "$scratch/$under_way.txt"; }
begin() {
    under_way=$1
    start_apply "$1"
}
# What loads is seen on the host itself: the program's output tells of a step only when it has ended.
loads_on_new() { on new 'pgrep -f "pg_restore|COPY"' >/dev/null 2>&1; }

reset_bed
begin link
wait_for 'move' || fail "the move begins" "$(output_of link)"
wait_until 60 loads_on_new || fail "the new host loads" "$(output_of link)"
"$testbed/net.sh" new drop
sleep 5
"$testbed/net.sh" new heal
if wait "$run_shell"; then
    pass "with the link to the new host cut for 5 s while it loads, the run goes on by itself"
else
    verify_says "with the link to the new host cut, the run says so" link 'new'
    verify "and the same command goes on" plan_apply link_again
fi
verify_migrated "the end is the same"

reset_bed
begin power
wait_for 'move' || fail "the move begins" "$(output_of power)"
wait_until 60 loads_on_new || fail "the new host loads" "$(output_of power)"
"$testbed/power.sh" new cut
"$testbed/power.sh" new on
if wait "$run_shell"; then
    pass "with a power failure of the new host while it loads, the run goes on by itself"
else
    verify_says "with a power failure of the new host, the run says so" power 'new'
    verify "and the same command goes on" plan_apply power_again
fi
verify_migrated "the end is the same"

reset_bed
begin old_power
wait_for 'stop_old' || fail "the old server is stopped" "$(output_of old_power)"
"$testbed/power.sh" old cut
"$testbed/power.sh" old on
if wait "$run_shell"; then
    pass "with a power failure of the old host, the run goes on by itself"
else
    verify_says "with a power failure of the old host, the run says so" old_power 'old'
    verify "and the same command goes on" plan_apply old_power_again
fi
verify_migrated "the end is the same"
