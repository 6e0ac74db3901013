#!/usr/bin/env bash
# The migration, from end to end, on a bed as users have it.
source "$(dirname "$0")/lib.sh"
reset_bed

verify "the plan is proved" plan_check check
verify "the plan is carried out" plan_apply first
verify_migrated "all is as it has to be afterwards"
fingerprints migrated
cp "$scratch/first.txt" "$repository/build/live/migration.txt"

verify "a second run succeeds" plan_apply second
verify_unchanged "and changes nothing" migrated
verify_says "and says so" second 'nothing (to do|has changed|changed|to change)|already holds|all goals (already )?hold'

"$testbed/power.sh" old off
"$testbed/power.sh" old on
verify_migrated "a boot of the old host does not start the old server"
"$testbed/power.sh" new cut
"$testbed/power.sh" new on
wait_until 60 answers new
verify_migrated "a power failure of the new host after the migration costs nothing"
