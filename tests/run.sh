#!/usr/bin/env bash
# run.sh: installs what is needed, builds, and runs all tests: those that ctest knows, then those
# against real hosts. Prints a line for each, and last how many passed and failed.
#
#   PLAN_NO_LIVE=1   leaves out the real hosts, which need root
#   PLAN_LIVE="..."  only these of tests/live (names without .sh)
set -euo pipefail
cd "$(dirname "$0")/.."
export TESTBED_WORK=${TESTBED_WORK:-$PWD/tests/testbed/work/live}
logs=build/live
passed=0 failed=0

# A live test's time limit in seconds: about three times what it takes.
limit_of() {
    case $1 in
    kill_anywhere) echo 900 ;;
    bad_input) echo 600 ;;
    *) echo 400 ;;
    esac
}

cleanup() {
    local status=$?
    trap '' INT TERM
    for child in ${image_build:-} ${live_test:-}; do kill "$child" 2>/dev/null || true; done
    [[ -n ${PLAN_NO_LIVE:-} ]] || tests/testbed/down.sh || true
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# result PASS|FAIL WHAT
result() {
    echo "$1 $2"
    if [[ $1 == PASS ]]; then ((++passed)); else ((++failed)); fi
}

build() {
    cmake -S . -B build -G Ninja >build/configure.log || { cat build/configure.log >&2 && return 1; }
    ninja -C build --quiet
}

run_fast_tests() {
    local state name
    echo '<testcase name="ctest" status="broken"/>' >build/ctest.xml
    ctest --test-dir build --no-tests=ignore --output-junit ctest.xml --output-on-failure --timeout 300 >build/ctest.log 2>&1 || true
    while read -r state name; do
        case $state in
        run) result PASS "$name" ;;
        disabled) ;;
        *) result FAIL "$name" ;;
        esac
    done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="\([a-z]*\)".*/\2 \1/p' build/ctest.xml)
    ((failed == 0)) || cat build/ctest.log
}

run_live_test() {
    local name=$1 began=$SECONDS status=0 line
    # Waited for rather than called, so that a signal to us is acted upon at once.
    timeout --kill-after=30 "$(limit_of "$name")" "tests/live/$name.sh" >"$logs/$name.log" 2>&1 &
    live_test=$!
    wait "$live_test" || status=$?
    live_test=
    while read -r line; do
        result "${line%% *}" "$name: ${line#* }"
    done < <(grep -E '^(PASS|FAIL) ' "$logs/$name.log")
    case $status in
    0) ;;
    124 | 137) result FAIL "$name: not over after $(limit_of "$name") s" ;;
    *) grep -q '^FAIL ' "$logs/$name.log" || result FAIL "$name: ended with status $status" ;;
    esac
    ((status == 0)) || sed 's/^/     | /' "$logs/$name.log"
    echo "     $name took $((SECONDS - began)) s"
}

run_live_tests() {
    local test
    tests/testbed/down.sh
    wait "$image_build" || cat "$logs/image.log"
    image_build=
    if tests/testbed/selftest.sh >"$logs/selftest.log" 2>&1; then
        result PASS "testbed: $(tail -n 1 "$logs/selftest.log")"
    else
        result FAIL "testbed: $(tail -n 1 "$logs/selftest.log")"
        cat "$logs/selftest.log"
    fi
    for test in tests/live/*.sh; do
        test=$(basename "$test" .sh)
        [[ $test != lib && " ${PLAN_LIVE:-$test} " == *" $test "* ]] || continue
        run_live_test "$test"
    done
}

tests/packages.sh build test
mkdir -p "$logs"
if [[ -z ${PLAN_NO_LIVE:-} ]]; then
    [[ $EUID == 0 ]] || { echo "run.sh: the live tests need root; PLAN_NO_LIVE=1 leaves them out" >&2 && exit 1; }
    # Mostly waits for downloads: beside the build.
    tests/testbed/image.sh >"$logs/image.log" 2>&1 &
    image_build=$!
fi
if build; then
    result PASS "the build"
    run_fast_tests
    [[ -n ${PLAN_NO_LIVE:-} ]] || run_live_tests
else
    result FAIL "the build"
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
