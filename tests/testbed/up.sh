#!/usr/bin/env bash
# up.sh [NAME[:bare]...]: brings these hosts up (old and new if none is named), booted and
# reachable. A host that is on stays as it is, one that is off is powered on. A bare
# host runs no PostgreSQL.
source "$(dirname "$0")/bed.sh"
need_root
need_tools
names=() bare=()
[[ $# -gt 0 ]] || set -- old new
for spec; do
    [[ $spec =~ ^([a-z][a-z0-9-]{0,11})(:bare)?$ && $spec != lab* ]] || die "not a name for a host: $spec"
    names+=("${BASH_REMATCH[1]}")
    [[ -z ${BASH_REMATCH[2]} ]] || bare+=("${BASH_REMATCH[1]}")
done
image=$("$scripts/image.sh")
lock_bed
mkdir -p "$work/hosts"

make_lab() {
    ip netns add "$lab"
    in_lab ip link set lo up
    in_lab ip link add br0 address 02:70:6c:00:00:01 type bridge
    in_lab ip addr add "$lab_ip/24" dev br0
    in_lab ip link set br0 up
}

# A disk is the overlay's upper layer: at first, what tells this host from the others.
make_disk() {
    local name=$1 dir seed user uid unit
    dir=$(host_dir "$name")
    seed=$dir/seed/upper
    rm -rf "$dir"
    mkdir -p "$dir"/{disk,root,seed/work} "$seed"/{etc/ssh,home}
    chmod 755 "$seed" "$seed"/{etc,etc/ssh,home}
    echo "$name" >"$seed/etc/hostname"
    tr -d - </proc/sys/kernel/random/uuid >"$seed/etc/machine-id"
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$seed/etc/ssh/ssh_host_ed25519_key"
    cp "$seed/etc/ssh/ssh_host_ed25519_key.pub" "$dir/host_key.pub"
    for user in root deploy ops plain; do
        uid=$(awk -F: -v user="$user" '$1 == user {print $3}' "$image/etc/passwd")
        local home=$seed/home/$user
        [[ $user != root ]] || home=$seed/root
        install -d -m 700 -o "$uid" -g "$uid" "$home" "$home/.ssh"
        install -m 600 -o "$uid" -g "$uid" "$work/id_ed25519.pub" "$home/.ssh/authorized_keys"
    done
    if [[ " ${bare[*]} " == *" $name "* ]]; then
        install -d -m 755 "$seed"/etc/systemd{,/system}
        for unit in make_cluster postgresql postgresql@; do
            ln -s /dev/null "$seed/etc/systemd/system/$unit.service"
        done
    fi
    truncate -s "${disk_mb}M" "$dir/disk.img"
    mkfs.ext4 -q -F -m 0 -L "$name" -d "$dir/seed" "$dir/disk.img"
    rm -rf "$dir/seed"
}

# What the controller and the hosts know of one another. hosts.txt is mounted in the hosts,
# so it is written where it is.
introduce() {
    local name
    {
        printf '%s\n' "127.0.0.1 localhost" "$lab_ip lab"
        for name in $(list_hosts); do echo "$(host_ip "$name") $name"; done
    } >"$work/hosts.txt"
    mkdir -p "/etc/netns/$lab"
    cp "$work/hosts.txt" "/etc/netns/$lab/hosts"
    for name in $(list_hosts); do
        echo "$name,$(host_ip "$name") $(cut -d ' ' -f 1,2 "$(host_dir "$name")/host_key.pub")"
    done >"$work/known_hosts"
    cat >"$ssh_config" <<CONFIG
Host *
    IdentityFile $work/id_ed25519
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile $work/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    UpdateHostKeys no
    BatchMode yes
    ConnectTimeout 10
CONFIG
}

# Each systemd needs five inotify instances of root's: by default there are 128.
raise_inotify() {
    local limit=/proc/sys/fs/inotify/max_user_instances wanted
    wanted=$((128 + 8 * $(list_hosts | wc -l)))
    (($(cat $limit) < wanted)) || return 0
    [[ -f $work/inotify ]] || cat $limit >"$work/inotify"
    echo "$wanted" >$limit
}

lab_is_up || make_lab
[[ -f $work/id_ed25519 ]] || ssh-keygen -q -t ed25519 -N '' -C testbed -f "$work/id_ed25519"
number=$(for name in $(list_hosts); do host_number "$name"; done | sort -n | tail -n 1)
number=${number:-0}
for name in "${names[@]}"; do
    ! host_exists "$name" || continue
    ((number < 200)) || die "too many hosts"
    make_disk "$name"
    # Last: with its number, the host is there.
    echo $((++number)) >"$(host_dir "$name")/number"
done
introduce
raise_inotify
printf '%s\n' "${names[@]}" | xargs -P "$jobs" -I{} "$scripts/power.sh" {} on 9>&-
say "up: $(for name in "${names[@]}"; do printf '%s=%s ' "$name" "$(host_ip "$name")"; done)"
