# shellcheck shell=bash disable=SC2034,SC2016
# What the scripts of the test bed share: names, places, and how to find a host's
# processes. Sourced, not run. The README tells what a bed is.
#
#   TESTBED_WORK     this bed's state; another directory is another bed
#                                                    (default: work/bed, here)
#   TESTBED_IMAGES   images, shared by all beds      (default: work/images, here)
#   TESTBED_NET      first three bytes of its /24    (default: 198.51.100)
#   TESTBED_DISK_MB  size of each host's disk        (default: 3072, sparse)
#   TESTBED_JOBS     hosts booted at the same time   (default: 4)
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(realpath -m "${TESTBED_WORK:-$scripts/work/bed}")
images=$(realpath -m "${TESTBED_IMAGES:-$scripts/work/images}")
net=${TESTBED_NET:-198.51.100}
disk_mb=${TESTBED_DISK_MB:-3072}
jobs=${TESTBED_JOBS:-4}

# Every namespace, cgroup and machine name of a bed starts with its id.
bed=bed$(printf %s "$work" | cksum | awk '{printf "%06x", $1 % 16777216}')
lab=$bed-lab
lab_ip=$net.1
ssh_config=$work/ssh_config
ops_password=ops-knows-this

say() { echo "[testbed] $*" >&2; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

usage() { die "usage: ${0##*/} $*"; }

need_root() { [[ $EUID == 0 ]] || die "must run as root"; }

need_tools() {
    local tool missing=()
    for tool in systemd-nspawn mmdebstrap ip nft tc ssh ssh-keygen mkfs.ext4 losetup flock perl; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [[ ${#missing[@]} == 0 ]] || die "no ${missing[*]}: run tests/packages.sh test"
}

lab_is_up() { [[ -e /run/netns/$lab ]]; }
need_lab() { lab_is_up || die "the test bed is not up: run up.sh"; }

# In the lab: the controller's network namespace, which knows the hosts' names.
in_lab() { ip netns exec "$lab" "$@"; }

# Only one up.sh or down.sh of a bed at a time. Whatever outlives the script has
# to close descriptor 9.
lock_bed() {
    mkdir -p "$work"
    exec 9>"$work/lock"
    flock 9
}

# --- Hosts. All functions take the name.

host_dir() { echo "$work/hosts/$1"; }
host_exists() { [[ -f $work/hosts/$1/number ]]; }
need_host() { host_exists "$1" || die "there is no host $1"; }
host_number() { cat "$work/hosts/$1/number"; }
host_ip() { echo "$net.$((10 + $(host_number "$1")))"; }
host_mac() { printf '02:70:6c:00:00:%02x' $((10 + $(host_number "$1"))); }
host_netns() { echo "$bed-$1"; }
# The host's port on the lab's bridge.
host_port() { echo "to-$1"; }

list_hosts() {
    local file
    for file in "$work"/hosts/*/number; do
        [[ ! -e $file ]] || basename "$(dirname "$file")"
    done
}

# The pid of keeper.sh, which holds the host's mounts.
host_keeper() {
    local pid
    pid=$(cat "$work/hosts/$1/keeper.pid" 2>/dev/null) || return 1
    grep -qs keeper.sh "/proc/$pid/cmdline" && echo "$pid"
}

# Runs a shell command in the bed's cgroup, which only a mount of our own shows
# on a machine that mounts the first version of cgroups.
in_cgroup() {
    unshare --mount --propagation private sh -c '
        mount -t cgroup2 cgroup2 /sys/fs/cgroup && cd "/sys/fs/cgroup/$0" && eval "$1"' "$bed" "$1" 2>/dev/null
}

# Pids in the machine's numbering: the host's PID 1, its systemd-nspawn, all.
host_init_pid() { in_cgroup "head -n 1 '$1'/box/payload/init.scope/cgroup.procs"; }
host_nspawn_pid() { in_cgroup "head -n 1 '$1'/box/supervisor/cgroup.procs"; }
host_pids() { in_cgroup "find '$1' -name cgroup.procs -exec cat {} +"; }

# A host is on until its disk is let go, even where its keeper was killed.
host_is_on() {
    host_keeper "$1" >/dev/null || [[ -n $(losetup --associated "$work/hosts/$1/disk.img" 2>/dev/null) ]]
}
host_is_off() { ! host_is_on "$1"; }

# wait_until SECONDS COMMAND...
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
