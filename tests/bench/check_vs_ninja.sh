#!/usr/bin/env bash
# check_vs_ninja.sh [PLAN_BINARY]: `plan check` and `ninja -n` on the same graphs, in turn; then how
# time and memory of `plan check` grow up to 1,000,000 steps. Prints figures; fails if a check fails.
#   BENCH_STEPS  sizes for the growth (default: 10000 100000 1000000)
#   BENCH_RUNS   pairs of runs for the comparison (default: 5)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
plan=$(realpath "${1:-$here/../../build/plan}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra sizes <<<"${BENCH_STEPS:-10000 100000 1000000}"
runs=${BENCH_RUNS:-5}

# timed COMMAND...: sets seconds and peak_mib; prints the command's output when it fails.
timed() {
    if ! /usr/bin/time -o "$work/time" -f '%e %M' "$@" >"$work/out" 2>&1; then
        cat "$work/out" >&2
        exit 1
    fi
    read -r seconds peak_kib <"$work/time"
    peak_mib=$((peak_kib / 1024))
}
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

for dependencies in after requires; do
    BENCH_DEPENDENCIES=$dependencies "$here/generate_graph.sh" 100000 "$work/pair"
    echo "100000 steps, $(($(wc -c <"$work/pair/graph.plan") / 100000)) bytes a step, three dependencies each, written with \`$dependencies\`"
    rm -f "$work/pairs"
    for ((run = 0; run <= runs; run++)); do
        timed "$plan" check "$work/pair/graph.plan"
        ours=$seconds
        timed ninja -n -C "$work/pair" -f build.ninja
        ((run == 0)) || echo "$ours $seconds" >>"$work/pairs"
    done
    echo "plan check   median $(awk '{print $1}' "$work/pairs" | median) s"
    echo "ninja -n     median $(awk '{print $2}' "$work/pairs" | median) s"
    echo "ratio        median $(awk '{print $1 / $2}' "$work/pairs" | median) (below 1: plan check is faster)"
done

for size in "${sizes[@]}"; do
    "$here/generate_graph.sh" "$size" "$work/$size"
    timed "$plan" check "$work/$size/graph.plan"
    echo "plan check of $size steps: $seconds s, peak $peak_mib MiB"
    echo "$size $seconds" >>"$work/growth"
    rm -r "${work:?}/$size"
done
awk 'NR == 1 {n = $1; t = $2} END {if (NR > 1) printf "exponent of growth from %d to %d steps: %.2f\n", n, $1, log($2 / t) / log($1 / n)}' "$work/growth"
