#!/usr/bin/env bash
# keeper.sh NAME IMAGE: runs one host until it is powered off. power.sh starts it in a
# mount namespace of its own: the mounts, and the disk's loop device, end with it.
source "$(dirname "$0")/bed.sh"
name=$1 image=$2
dir=$(host_dir "$name")
cgroup=/sys/fs/cgroup/$bed/$name

# The image stays as long as someone holds this.
exec 8>"$image.lock"
flock --shared 8

# systemd-nspawn leaves files there.
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -o loop "$dir/disk.img" "$dir/disk"
mount -t overlay -o "lowerdir=$image,upperdir=$dir/disk/upper,workdir=$dir/disk/work" overlay "$dir/root"
# A systemd wants cgroups of the second version, and only those, whatever the machine has.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "$cgroup"

leave() {
    echo $$ >/sys/fs/cgroup/cgroup.procs # out of it, so that it can go
    find "$cgroup" -depth -type d -exec rmdir {} +
    rmdir "/sys/fs/cgroup/$bed" 2>/dev/null || true
}
trap leave EXIT
trap '' HUP INT TERM

run_until_off_or_reboot() (
    mkdir -p "$cgroup/box"
    echo "$BASHPID" >"$cgroup/box/cgroup.procs"
    trap - HUP INT TERM
    # nsenter rather than --network-namespace-path, with which /sys would show the
    # machine's interfaces and the host could not set net.* sysctls.
    export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
    exec nsenter --net="/run/netns/$(host_netns "$name")" systemd-nspawn \
        --boot --directory="$dir/root" --machine="$(host_netns "$name")" --hostname="$name" \
        --quiet --settings=no --keep-unit --register=no --console=read-only --link-journal=no \
        --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off \
        --bind-ro="$work/hosts.txt:/etc/hosts" 8>&-
)
rebooted=133
while status=0; run_until_off_or_reboot || status=$?; [[ $status == "$rebooted" ]]; do :; done
