#!/usr/bin/env bash
# clang.sh [FILE...]: what the clang tools and shellcheck have against the sources; all of them, or these. Needs
# `tests/packages.sh tools`. All files take about an hour of one core. Fails if there is a finding.
set -euo pipefail
cd "$(dirname "$0")/../.."
# For the compile commands, one for each file.
build=build/clang
cmake -S . -B "$build" -G Ninja -DCMAKE_UNITY_BUILD=OFF >/dev/null
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

if [[ $# -gt 0 ]]; then
    sources=("$@")
else
    mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
    git ls-files '*.sh' | xargs shellcheck -x -P SCRIPTDIR --severity=warning | tee -a "$findings" || true
fi
clang-format-19 --dry-run -Werror "${sources[@]}" 2>&1 | grep -E '^[^ ].*error:' | tee -a "$findings" || true
# Clang 19 cannot take the vector of libstdc++ 12 over a type that is not complete yet, as Value has it in C++23: of
# its errors in the library's own headers nothing is said, and what stands in ours is found nevertheless.
printf '%s\n' "${sources[@]}" | { grep '\.cpp$' || true; } |
    { xargs -r -P "${JOBS:-2}" -n 1 clang-tidy-19 -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null || true; } |
    { grep -E "^$PWD/.*(error|warning):" || true; } | sort -u | tee -a "$findings"
echo "$(wc -l <"$findings") findings"
[[ ! -s $findings ]]
