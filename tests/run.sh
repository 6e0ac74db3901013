#!/usr/bin/env bash
# run.sh: installs what is needed, builds, and runs all tests: those against real hosts, in two test
# beds side by side and while the others are still being compiled, then those that ctest knows. Prints
# a line for each, and last how many passed and failed.
#
#   PLAN_NO_LIVE=1   leaves out the real hosts, which need root
#   PLAN_LIVE="..."  only these of tests/live (names without .sh)
set -euo pipefail
cd "$(dirname "$0")/.."
logs=build/live
beds=("$PWD/tests/testbed/work/live-1" "$PWD/tests/testbed/work/live-2")
lanes=()
passed=0 failed=0

# A live test's time limit in seconds: several times what it takes alone.
limit_of() {
    case $1 in
    kill_anywhere) echo 1500 ;;
    bad_input | faults) echo 900 ;;
    *) echo 600 ;;
    esac
}

cleanup() {
    local status=$? child bed
    trap '' INT TERM
    for child in "${lanes[@]}" ${image_build:-} ${rest_of_build:+-"$rest_of_build"}; do
        kill -- "$child" 2>/dev/null || true
    done
    for child in "${lanes[@]}"; do wait "$child" 2>/dev/null || true; done
    if [[ -z ${PLAN_NO_LIVE:-} ]]; then
        for bed in "${beds[@]}"; do TESTBED_WORK=$bed tests/testbed/down.sh || true; done
    fi
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# result PASS|FAIL WHAT
result() {
    echo "$1 $2"
    if [[ $1 == PASS ]]; then ((++passed)); else ((++failed)); fi
}

# What the live tests need.
build_product() {
    cmake -S . -B build -G Ninja >build/configure.log || { cat build/configure.log >&2 && return 1; }
    ninja -C build --quiet plan inmanta_server effector_probe
}

# The rest goes on in a session of its own, which yields the processors to the hosts.
start_rest_of_build() {
    setsid sh -c 'echo 19 2>/dev/null >/proc/self/autogroup; exec nice -n 19 ninja -C build --quiet' >build/rest.log 2>&1 &
    rest_of_build=$!
}

finish_build() {
    local status=0
    wait "$rest_of_build" || status=$?
    rest_of_build=
    cat build/rest.log
    return "$status"
}

run_fast_tests() {
    local state name before=$failed
    echo '<testcase name="ctest" status="broken"/>' >build/ctest.xml
    ctest --test-dir build --parallel 2 --no-tests=ignore --output-junit ctest.xml --output-on-failure --timeout 300 >build/ctest.log 2>&1 || true
    while read -r state name; do
        case $state in
        run) result PASS "$name" ;;
        disabled) ;;
        *) result FAIL "$name" ;;
        esac
    done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="\([a-z]*\)".*/\2 \1/p' build/ctest.xml)
    ((failed == before)) || cat build/ctest.log
}

# live_result PASS|FAIL WHAT: for the lanes, which run beside this shell; it counts what they have noted.
live_result() { echo "$1 $2" | tee -a "$logs/results"; }

# Waited for rather than called, so that a signal to us is acted upon at once. Sets status.
run_logged() {
    status=0
    timeout --kill-after=30 "$(limit_of "$1")" "$2" >"$logs/$1.log" 2>&1 &
    live_test=$!
    wait "$live_test" || status=$?
    live_test=
}

run_live_test() {
    local name=$1 began=$SECONDS status line
    run_logged "$name" "tests/live/$name.sh"
    while read -r line; do
        live_result "${line%% *}" "$name: ${line#* }"
    done < <(grep -E '^(PASS|FAIL) ' "$logs/$name.log")
    case $status in
    0) ;;
    124 | 137) live_result FAIL "$name: not over after $(limit_of "$name") s" ;;
    *) grep -q '^FAIL ' "$logs/$name.log" || live_result FAIL "$name: ended with status $status" ;;
    esac
    ((status == 0)) || sed 's/^/     | /' "$logs/$name.log"
    echo "     $name took $((SECONDS - began)) s"
}

# The bed's own test comes first in one of the beds.
run_selftest() {
    local began=$SECONDS status
    run_logged selftest tests/testbed/selftest.sh
    if ((status == 0)); then
        live_result PASS "testbed: $(tail -n 1 "$logs/selftest.log")"
    else
        live_result FAIL "testbed: $(tail -n 1 "$logs/selftest.log")"
        sed 's/^/     | /' "$logs/selftest.log"
    fi
    echo "     selftest took $((SECONDS - began)) s"
}

# run_lane BED TEST...: those of the tests, in the bed, that no other lane has begun.
run_lane() {
    local test
    export TESTBED_WORK=$1
    trap '[[ -z ${live_test:-} ]] || kill "$live_test"; exit 143' TERM
    [[ $1 != "${beds[0]}" ]] || run_selftest
    for test in "${@:2}"; do
        ! mkdir "$logs/$test.begun" 2>/dev/null || run_live_test "$test"
    done
}

run_live_tests() {
    local test bed lane tests=()
    for bed in "${beds[@]}"; do TESTBED_WORK=$bed tests/testbed/down.sh; done
    wait "$image_build" || cat "$logs/image.log"
    image_build=
    # The longest first, so that the lanes end at about the same time.
    for test in kill_anywhere faults bad_input tests/live/*.sh; do
        test=$(basename "$test" .sh)
        [[ $test == lib || " ${PLAN_LIVE:-$test} " != *" $test "* ]] || tests+=("$test")
    done
    rm -rf "$logs"/*.begun "$logs/results"
    touch "$logs/results"
    for bed in "${beds[@]}"; do
        run_lane "$bed" "${tests[@]}" &
        lanes+=("$!")
    done
    for lane in "${lanes[@]}"; do
        wait "$lane" || result FAIL "a lane of live tests ended with status $?"
    done
    lanes=()
    ((passed += $(grep -c '^PASS ' "$logs/results" || true))) || true
    ((failed += $(grep -c '^FAIL ' "$logs/results" || true))) || true
}

tests/packages.sh build test
mkdir -p "$logs"
if [[ -z ${PLAN_NO_LIVE:-} ]]; then
    [[ $EUID == 0 ]] || { echo "run.sh: the live tests need root; PLAN_NO_LIVE=1 leaves them out" >&2 && exit 1; }
    # Mostly waits for downloads: beside the build.
    tests/testbed/image.sh >"$logs/image.log" 2>&1 &
    image_build=$!
fi
if build_product; then
    result PASS "the build"
    start_rest_of_build
    [[ -n ${PLAN_NO_LIVE:-} ]] || run_live_tests
    if finish_build; then
        result PASS "the build of the tests"
        run_fast_tests
    else
        result FAIL "the build of the tests"
    fi
else
    result FAIL "the build"
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
