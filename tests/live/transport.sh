#!/usr/bin/env bash
# transport.sh: the real effector against hosts that lose power, links, disks and daemons. Drives
# effector_probe on a bed of its own (hosts a and b), which it takes down again.
#
#   PROBE      the program            (default: build/effector_probe)
#   KEEP_BED   not empty: leaves the bed up
# shellcheck disable=SC2016,SC2317  # what is in quotes is for the hosts; finish is a trap
set -euo pipefail
cd "$(dirname "$0")/../.."
testbed=$PWD/tests/testbed
probe=$(realpath "${PROBE:-build/effector_probe}")
export TESTBED_WORK=${TRANSPORT_WORK:-$testbed/work/transport}
config=$TESTBED_WORK/ssh_config
scratch=$(mktemp -d)
failures=0

finish() {
    local status=$?
    trap - EXIT
    [[ -z ${probe_pid:-} ]] || kill "$probe_pid" 2>/dev/null || true
    rm -rf "$scratch"
    [[ -n ${KEEP_BED:-} ]] || "$testbed/down.sh" || true
    [[ $status == 0 && $failures == 0 ]] && exit 0
    exit 1
}
trap finish EXIT
trap 'exit 130' INT TERM

# A command of the bed, which may leave processes behind: they must not hold the probe's pipes.
bed() { "$testbed/$1.sh" "${@:2}" >/dev/null 2>&1 7>&- 8>&-; }

# expect WHAT PATTERN TEXT
expect() {
    # shellcheck disable=SC2053  # a pattern is wanted
    if [[ $3 == $2 ]]; then
        echo "PASS $1"
    else
        echo "FAIL $1"
        printf '     expected %s\n     found    %s\n' "$2" "$3"
        ((++failures))
    fi
}

# One effector for everything that is to share its connections.
start_probe() {
    mkfifo "$scratch/requests" "$scratch/answers"
    "$testbed/lab.sh" "$probe" -F "$config" <"$scratch/requests" >"$scratch/answers" &
    probe_pid=$!
    exec 7>"$scratch/requests" 8<"$scratch/answers"
}
end_probe() {
    exec 7>&-
    wait "$probe_pid" 2>/dev/null || true
    exec 8<&-
    probe_pid=
}
send() { echo "$*" >&7; }
# The next answer, without its number.
answer() {
    local line=
    read -r -t 120 line <&8 || line="0 no answer"
    echo "${line#* }"
}
ask() { send "$*"; answer; }
# once OPTIONS: one request, from standard input, to an effector of its own.
once() { timeout 60 "$testbed/lab.sh" "$probe" "$@" | sed 's/^[0-9]* //'; }

"$testbed/up.sh" a b:bare

echo "--- who may log in and become whom"
expect "root is reached, and tells its system" "ok 0 *Debian*" "$(once -F "$config" <<<'connect root@a - 15000')"
expect "deploy becomes others without a password" "ok 0 postgres" \
    "$(once -F "$config" <<<'exec deploy@a postgres 15000 printf %s "$(id -un)"')"
expect "sudo that asks is told apart" "failed refused E0610 *" "$(once -F "$config" <<<'connect ops@a root 15000')"
expect "sudo takes its password" "ok 0 root" \
    "$(once -F "$config" -p ops-knows-this <<<'exec ops@a root 15000 printf %s "$(id -un)"')"
expect "a wrong sudo password is told apart" "failed refused E0609 *" \
    "$(once -F "$config" -p not-this-one <<<'connect ops@a root 15000')"
expect "no user of that name" "failed refused E0611 *" "$(once -F "$config" <<<'exec root@a nobody-here 15000 id')"
expect "a login that is refused" "failed refused E0606 *" "$(once -F "$config" <<<'connect nobody-here@a - 15000')"
sed 's/UserKnownHostsFile .*/UserKnownHostsFile \/dev\/null/' "$config" >"$scratch/unknown"
expect "a key nobody knows" "failed refused E0604 *" "$(once -F "$scratch/unknown" <<<'connect root@a - 15000')"
sed "s/UserKnownHostsFile .*/UserKnownHostsFile ${scratch//\//\\/}\/swapped/" "$config" >"$scratch/changed"
sed -E 's/^a([ ,])/A\1/; s/^b([ ,])/a\1/; s/^A([ ,])/b\1/' "$TESTBED_WORK/known_hosts" >"$scratch/swapped"
expect "a key that is another host's" "failed refused E0605 *" "$(once -F "$scratch/changed" <<<'connect root@a - 15000')"

echo "--- files, databases, servers"
start_probe
expect "a file is written" "ok 0" "$(ask write root@a - 15000 /root/kept 0640 - the old content)"
expect "with its mode" "ok 0 640 the old content" "$(ask exec root@a - 15000 'stat -c "%a $(cat /root/kept)" /root/kept | tr -d "\n"')"
bed disk a fill
large=$(head -c 200000 /dev/zero | tr '\0' x)
send "write root@a - 15000 /root/kept - - $large"
expect "a full disk is named" "failed failed E0705 *" "$(answer)"
expect "the old file is as it was, and nothing is left beside it" "ok 0 the old content kept" \
    "$(ask exec root@a - 15000 'cd /root; printf "%s %s" "$(cat kept)" "$(ls -A | grep -e kept -e plan)"')"
bed disk a free
expect "a role for the next" "ok 0 *" \
    "$(ask exec root@a postgres 15000 "psql -qc \"drop role if exists probe\" -c \"create role probe login password 'pw'\"")"
expect "SQL reaches the host's database through ssh" 'ok 1 *one*1*' \
    "$(ask sql root@a 15000 localhost 5432 postgres probe pw 'select 1 as one')"
expect "a wrong password for it" "failed refused E0709 *" \
    "$(ask sql root@a 15000 localhost 5432 postgres probe not-it 'select 1 as one')"
expect "a database that is not there" "failed refused E0708 *refused*" "$(ask sql root@b 15000 localhost 5432 postgres postgres x 'select 1')"
expect "a server that is not there" "failed refused E0712 *refused*" "$(ask http root@b 15000 GET http://localhost:8888/)"
expect "300 MB from host to host" "ok 300000000 300000000*" \
    "$(ask pipe root@a root@b 60000 'head -c 300000000 /dev/zero | wc -c')"

echo "--- links"
send "pipe root@a root@b 60000 head -c 400000000 /dev/zero | wc -c"
sleep 0.7
bed net a drop; sleep 4; bed net a heal
expect "a stream goes on after four seconds without a link" "ok 400000000 400000000*" "$(answer)"
send "&job backup-$$ root@a - 90000 sleep 25; echo finished"
sleep 2
bed net a drop
began=$SECONDS
expect "an observation is over at its deadline" "failed * E0[67]02 *" "$(send "&observe root@a - 3000 true"; ask next)"
expect "and not much later" "1" "$((SECONDS - began < 6 ? 1 : SECONDS - began))"
sleep 25
bed net a heal
send wait
expect "a job is found again after its connection was lost" "ok 0 finished*" "$(answer)"

echo "--- power"
boot=$(ask connect root@a - 15000)
send "&exec root@a - 60000 echo begun; sleep 40"
send "&job doomed-$$ root@a - 90000 sleep 60"
sleep 2
bed power a cut
bed power a on
send wait
first=$(answer) second=$(answer)
expect "a command under which the power failed is unknown" "*failed unknown E0701*" "$first $second"
expect "a job of before the power failure is gone, and so unknown" "*failed unknown E0707*rebooted*" "$first $second"
again=$(ask connect root@a - 60000)
expect "the host is reached again" "ok 0 *" "$again"
expect "in another boot" "other" "$([[ $again == "$boot" ]] && echo same || echo other)"
send "pipe root@a root@b 60000 echo one; sleep 30; echo two | cat >/root/sink; touch /root/committed"
sleep 2
bed power a cut
bed power a on
expect "a transfer whose source lost power is unknown" "failed unknown E0706 *" "$(answer)"
expect "and the sink never saw an end" "ok 2*" "$(ask exec root@b - 15000 'ls /root/committed')"
send "&observe root@b - 60000 sleep 1; cat /proc/sys/kernel/random/boot_id"
bed power b cut
bed power b on
send wait
expect "an observation is repeated after a reboot" "ok 0 *" "$(answer)"
bed host root@b systemctl stop ssh.socket ssh || true
expect "an sshd that is stopped refuses" "failed refused E0603 *" "$(once -F "$config" <<<'connect root@b - 15000')"
end_probe

echo "--- what is left"
bed power b cut
bed power b on
expect "no ssh of ours" "0" "$(pgrep -cf "^ssh .*-F $config" || true)"
exit 0
