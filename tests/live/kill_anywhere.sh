#!/usr/bin/env bash
# The program may be killed at any instant: the same command goes on, to the same end, and does
# nothing twice that must not be done twice.
#   KILLS      how often it is killed in all  (default: 20)
#   PLAN_SEED  of the instants                (default: the time)
source "$(dirname "$0")/lib.sh"
kills=${KILLS:-20}
seed=${PLAN_SEED:-$(date +%s)}
RANDOM=$((seed % 32768))
echo "seed: PLAN_SEED=$seed"
kills_a_round=5

reset_bed
began=$EPOCHREALTIME
verify "an undisturbed run succeeds" plan_apply undisturbed
duration_ms=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
verify_migrated "and reaches the goals"
echo "an undisturbed run takes $duration_ms ms"

# Killed again and again, each run does a part of the work: so much that the kills of a round are
# spread over all of it.
killed=0 round=0
while ((killed < kills)); do
    ((++round))
    reset_bed
    instants="" killed_before=$killed
    for ((count = 0; count < kills_a_round && killed < kills; ++count)); do
        after_ms=$((100 + (RANDOM * 32768 + RANDOM) % (2 * duration_ms / kills_a_round)))
        start_apply "round$round-killed$count"
        sleep "$((after_ms / 1000)).$(printf %03d $((after_ms % 1000)))"
        if ! kill -KILL "$run_pid" 2>/dev/null; then
            wait "$run_shell" || fail "round $round: the run failed by itself" "$(output_of "round$round-killed$count")"
            break
        fi
        wait "$run_shell" 2>/dev/null || true
        ((++killed))
        instants+=" ${after_ms}ms"
    done
    ((killed > killed_before)) || { fail "round $round: no run lasted until it was killed" && break; }
    verify "round $round: goes on after kills at$instants" plan_apply "round$round-last"
    verify_migrated "round $round: reaches the same goals"
done
echo "killed $killed times"
