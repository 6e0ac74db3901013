#!/usr/bin/env bash
# Until the point of no return the old orchestrator comes back as it was, even where the new one cannot
# be put right; after it a way back is refused.
source "$(dirname "$0")/lib.sh"

environments_of() { sql "$1" 'select id, name, halted from environment order by name'; }
agents_of() { sql "$1" 'select environment, name, paused from agent order by 1, 2'; }
same() { [[ $1 == "$2" ]] || { diff <(echo "$1") <(echo "$2") && false; }; }
plan_status() { run_plan "$1" status "$plan_file" --inputs "$inputs" "${@:2}"; }
plan_rollback() { run_plan "$1" rollback "$plan_file" --inputs "$inputs" --yes "${@:2}"; }
# exits_with STATUS COMMAND...
exits_with() {
    local expected=$1 status=0
    shift
    "$@" || status=$?
    [[ $status == "$expected" ]] || { echo "exit status $status, not $expected" && false; }
}
rolled_back=6 not_all_rolled_back=7 refused=4

reset_bed
# One environment is halted on purpose: it must not be resumed by anybody.
halted=$(cut -d '|' -f 1 <<<"$environments" | sed -n 2p)
lab curl --silent --fail --max-time 20 -X POST --header "X-Inmanta-Tid: $halted" http://old:8888/api/v2/actions/environment/halt >/dev/null
remember_old
before=$(environments_of old) agents_before=$(agents_of old)
validation=$(environments_of new)

# The release on the new host cannot start any more: found out when it is told to, after the move.
configuration=/etc/inmanta/inmanta.cfg
on new "cp -p $configuration /root/inmanta.cfg && sed -i 's/^name = inmanta/name = nowhere/' $configuration"
verify "a new server that does not start stops the run" exits_with 1 plan_apply stopped
verify_says "in words that help" stopped 'the server does not start'
verify "the old server is down" test "$(on old systemctl is-active inmanta-server || true)" = inactive
verify "status exits with 1" exits_with 1 plan_status status
verify_says "and names the step that failed" status 'failed +start'
verify_says "and says that there is a way back" status 'way back +yes'

verify "a way back with the new host still broken is told from a whole one" \
    exits_with $not_all_rolled_back plan_rollback broken
verify_says "it says what could not be taken back" broken 'stop_new'
verify "the old server runs again all the same" answers old
verify "and starts at boot" test "$(on old systemctl is-enabled inmanta-server)" = enabled
verify "those that ran run, the one that was halted is halted" same "$before" "$(environments_of old)"
verify "its agents are as they were" same "$agents_before" "$(agents_of old)"
verify "its history is as it was" same "$history" "$(history_of old)"

on new "cp -p /root/inmanta.cfg $configuration"
verify "mended, the rest is taken back" exits_with $rolled_back plan_rollback mended
verify "the new server has its own database again" same "$validation" "$(environments_of new)"
verify "the new server answers" wait_until 30 answers new
verify "status exits with 0" plan_status after
verify_says "and says that the run was taken back" after 'rolled back'
verify "another way back has nothing to do" exits_with $refused plan_rollback again

# Killed at any time before the point of no return, it is the same.
start_apply killed
wait_until 60 grep -q 'move: started' "$scratch/killed.txt" || fail "the move begins" "$(output_of killed)"
sleep 1
kill -KILL "$run_pid"
wait "$run_shell" 2>/dev/null || true
verify "killed in the middle of the move, it is taken back" exits_with $rolled_back plan_rollback after_kill
verify_says "it says on which host the move is taken back" after_kill 'new +undo move: done'
verify "the old server answers" wait_until 30 answers old
verify "with its environments as they were" same "$before" "$(environments_of old)"
verify "the new server has its own database again" same "$validation" "$(environments_of new)"

# After the first environment was resumed on the new side.
verify "the migration succeeds after all that" plan_apply migrated
verify_says "the halted environment was resumed with the others" migrated 'resume'
status=0
plan_rollback late || status=$?
verify "a way back from there is refused" test $status = $refused
verify_says "it says why" late 'acts on the infrastructure'
verify_says "and from where" late 'resume\[demo/'
plan_status end || true
verify_says "status says that there is no way back" end 'way back +no'
verify "the old server was not started" test "$(on old systemctl is-active inmanta-server || true)" = inactive
