#!/usr/bin/env bash
# selftest.sh: brings up a bed of its own, checks that each command of the test bed does what
# it says, and takes it down again. Also a collection of examples.
export TESTBED_WORK=${TESTBED_WORK:-$(dirname "$(realpath "$0")")/work/selftest}
source "$(dirname "$0")/bed.sh"
need_root
cd "$scripts"
passed=0 failed=0

# check WHAT STATUS PATTERN COMMAND...: the status and the output must be as said.
check() {
    local what=$1 status=$2 pattern=$3 output got=0
    shift 3
    output=$("$@" 2>&1 </dev/null) || got=$?
    if [[ $got == "$status" && $output =~ $pattern ]]; then
        ((++passed))
    else
        ((++failed))
        printf 'FAILED: %s (status %s): %s\n' "$what" "$got" "$output"
    fi
}
does() { check "$1" 0 '' "${@:2}"; }
from_lab() { ./lab.sh ssh -F "$ssh_config" "$@"; }
as_postgres() { ./host.sh "$1" "cd /; runuser -u postgres -- $2"; }
query() { as_postgres "$1" "psql -XqAtc '$2'"; }
cluster() { query "$1" 'select system_identifier from pg_control_system()'; }
# Whether two commands have the same output.
same() { [[ $($1) == "$($2)" ]]; }
same_fingerprint() { diff <(./fingerprint.sh "$1") "$2"; }

trap ./down.sh EXIT
./down.sh
./up.sh old new jump:bare

# Who is who.
check "a host has its name" 0 '^old$' ./host.sh old hostname
check "a host has its own interface" 0 '^02:70:6c:00:00:0c$' ./host.sh new cat /sys/class/net/eth0/address
check "systemd runs it" 0 '^running$' ./host.sh old systemctl is-system-running
check "a bare one too" 0 '^running$' ./host.sh jump systemctl is-system-running
check "host keys are pinned" 255 'Host key verification failed' \
    from_lab -o UserKnownHostsFile=/dev/null root@old true
check "a host has no way out" 0 '^$' ./host.sh old ip route show default
check "machine ids differ" 1 '' same "./host.sh old cat /etc/machine-id" "./host.sh new cat /etc/machine-id"
check "clusters differ" 1 '' same "cluster old" "cluster new"
check "there is no python" 1 '' ./host.sh old 'ls /usr/bin/python* || command -v python python3'
check "there is git" 0 'git version' ./host.sh old git --version
check "databases are UTF-8" 0 '^UTF8$' query new 'show server_encoding'
check "up.sh may be repeated" 0 'up: old=' ./up.sh old

# Users.
check "deploy may sudo" 0 '^root$' ./host.sh deploy@old sudo -n id -un
check "ops has to give a password" 1 'a password is required' ./host.sh ops@old sudo -n id -un
check "and with it may" 0 'root' bash -c "echo '$ops_password' | ./host.sh ops@old sudo -S id -un"
check "plain may not" 1 'password is required|not allowed' ./host.sh plain@old sudo -n id -un

# Fingerprints.
./fingerprint.sh old >"$work/before"
from_lab deploy@old 'sudo -n true; systemctl list-units >/dev/null' </dev/null
query old 'select count(*) from pg_class' >/dev/null </dev/null
does "looking changes nothing" same_fingerprint old "$work/before"
does "touch a file" ./host.sh old touch /etc/hostname
check "a touched file is seen" 1 '/etc/hostname' same_fingerprint old "$work/before"
./fingerprint.sh old >"$work/before"
does "make a table" query old 'create table t as select generate_series(1, 1000) as id'
check "a table is seen" 1 'table postgres public.t 1000' same_fingerprint old "$work/before"
./fingerprint.sh old >"$work/before"
does "change a row" query old 'update t set id = 7777 where id = 7'
check "a changed row is seen" 1 'table postgres public.t 1000' same_fingerprint old "$work/before"
./fingerprint.sh old >"$work/before"
does "stop a unit" ./host.sh old systemctl stop dbus.socket
check "a stopped unit is seen" 1 'unit dbus.socket' same_fingerprint old "$work/before"
does "start it" ./host.sh old systemctl start dbus.socket

# What a migration does, by hand: stop, dump, load, start.
./host.sh old "cat >/etc/systemd/system/toy.service" <<<'[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target'
does "a service is enabled" ./host.sh old systemctl enable --now toy
does "and disabled by a user who may" ./host.sh deploy@old sudo -n systemctl disable --now toy
check "and is disabled" 1 '^disabled$' ./host.sh old systemctl is-enabled toy
does "a role" query new "create role toy login password \$\$toy\$\$"
does "its database" as_postgres new 'createdb -O toy toy'
does "the dump is streamed" bash -o pipefail -c '
    ./host.sh old "cd /; runuser -u postgres -- pg_dump --no-owner postgres" |
        ./host.sh new "PGPASSWORD=toy psql -Xq -v ON_ERROR_STOP=1 -h localhost -U toy toy"'
check "the data is there, asked for over the network" 0 '^1000$' \
    ./lab.sh env PGPASSWORD=toy psql -XAt -h new -U toy toy -c 'select count(*) from t'

# Power.
boot_id() { ./host.sh new cat /proc/sys/kernel/random/boot_id; }
first_boot=$(boot_id)
check "a reboot ends connections" 255 '' ./host.sh new 'sleep 0.2; systemctl reboot; sleep 60'
wait_until 60 ./host.sh new systemctl is-active postgresql@15-main || true
check "enabled services start at boot" 0 '^active$' ./host.sh new systemctl is-active postgresql
check "it is another boot" 1 '' test "$first_boot" = "$(boot_id)"
does "off" ./power.sh new off
check "is off" 0 '^off$' ./power.sh new status
does "on" ./power.sh new on
does "write" ./host.sh new 'echo kept >/root/kept; sync; echo lost >/root/lost'
does "cut" ./power.sh new cut
does "on after the cut" ./power.sh new on
check "only what was on the disk is there" 2 'kept' ./host.sh new ls /root/kept /root/lost
check "the cluster is the same" 0 '^1000$' ./lab.sh env PGPASSWORD=toy psql -XAt -h new -U toy toy -c 'select count(*) from t'

# Network.
does "drop" ./net.sh new drop
check "nothing gets through" 255 'timed out' from_lab -o ConnectTimeout=2 root@new true
does "heal" ./net.sh new heal
does "all gets through" ./host.sh new true
does "drop between lab and host" ./net.sh new drop lab
check "there is a way round" 0 '^new$' from_lab -J root@jump root@new hostname
does "drop between two hosts" ./net.sh new drop jump
check "now there is none" 255 '' from_lab -o ConnectTimeout=3 -J root@jump root@new hostname
does "heal both" ./net.sh new heal
does "down" ./net.sh new down
check "the cable is pulled" 255 '' from_lab -o ConnectTimeout=2 root@new true
does "heal the cable" ./net.sh new heal
does "loss" ./net.sh new loss 99
check "nearly all is lost" 255 '' from_lab -o ConnectTimeout=2 root@new true
does "heal the loss" ./net.sh new heal
does "rate" ./net.sh new rate 512
check "rate is shown" 0 'tbf.*512Kbit' ./net.sh new show
check "it is slow" 124 '' timeout 3 ./host.sh new "head -c 1000000 /dev/zero | tr '\\0' x"
does "heal the rate" ./net.sh new heal
check "nothing is in force" 1 '' bash -c './net.sh new show | grep -e tbf -e comment'

# Disk.
does "fill" ./disk.sh new fill
check "it is full" 1 'No space left on device' ./host.sh new 'echo x >/root/x'
does "free" ./disk.sh new free
does "there is room" ./host.sh new 'echo x >/root/x'
does "fill but for 20 MiB" ./disk.sh new fill 20
check "a little fits, much does not" 1 'No space left' \
    ./host.sh new 'head -c 5M /dev/zero >/root/y && head -c 50M /dev/zero >/root/z'
does "free again" ./disk.sh new free
check "no copying while it is on" 1 'is on' ./disk.sh new save a
does "off to save" ./power.sh new off
check "nothing is saved yet" 1 '' ./disk.sh new saved a
does "save" ./disk.sh new save a
does "is saved" ./disk.sh new saved a
does "on, saved" ./power.sh new on
does "change" ./host.sh new rm /root/x
does "cut to restore" ./power.sh new cut
does "restore" ./disk.sh new restore a
does "on, restored" ./power.sh new on
check "all is as saved" 0 'x' ./host.sh new cat /root/x

# A second bed beside this one.
second=$work-second
does "a second bed" env TESTBED_WORK="$second" ./up.sh old:bare
check "has hosts of its own" 1 '' \
    same "./host.sh old cat /etc/machine-id" "env TESTBED_WORK=$second ./host.sh old cat /etc/machine-id"
does "goes" env TESTBED_WORK="$second" ./down.sh
does "and the first stays" ./host.sh old true

# Nothing stays.
trap - EXIT
./down.sh
check "no namespace stays" 1 '' bash -c "ls /run/netns | grep -e '$bed-'"
check "no loop device stays" 1 '' bash -c "losetup --list | grep -F '$work/'"
check "no process stays" 0 '^$' sh -c "grep -ls '$work/' /proc/[0-9]*/mountinfo || true"
check "no file stays" 1 '' test -e "$work"
check "no names stay" 1 '' test -e "/etc/netns/$lab"
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
