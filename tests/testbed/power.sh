#!/usr/bin/env bash
# power.sh NAME on|off|cut|status
#   on      boots; returns when the boot is over and sshd answers
#   off     shuts down in order
#   cut     the power fails: not a packet leaves, what is not on the disk is lost
#   status  prints on or off
source "$(dirname "$0")/bed.sh"
need_root
[[ $# == 2 ]] || usage "NAME on|off|cut|status"
name=$1
need_host "$name"
dir=$(host_dir "$name")
netns=$(host_netns "$name")
port=$(host_port "$name")

plug_in() {
    ip netns add "$netns"
    in_lab ip link add "$port" type veth peer name eth0 address "$(host_mac "$name")" netns "$netns"
    in_lab ip link set "$port" master br0 up
    ip -n "$netns" link set lo up
    ip -n "$netns" addr add "$(host_ip "$name")/24" dev eth0
    ip -n "$netns" link set eth0 up
}

# The namespace goes as well: a socket of this boot must not answer in the next.
unplug() {
    ! lab_is_up || "$scripts/net.sh" "$name" heal
    in_lab ip link del "$port" 2>/dev/null || true
    ip netns del "$netns" 2>/dev/null || true
}

greets_or_is_off() {
    # shellcheck disable=SC2016
    host_is_off "$name" ||
        in_lab bash -c 'exec 3<>"/dev/tcp/$1/22" && read -r -t 2 -u 3' - "$(host_ip "$name")"
}

# Failed units are the business of whoever made them fail.
is_booted() {
    local state
    state=$(in_lab ssh -F "$ssh_config" "root@$name" systemctl is-system-running --wait 2>/dev/null) || true
    [[ $state == running || $state == degraded ]]
}

power_on() {
    local image
    host_is_off "$name" || return 0
    need_lab
    image=$("$scripts/image.sh")
    unplug
    plug_in
    : >"$dir/console.log"
    # All execs: the keeper has the pid that is written.
    # shellcheck disable=SC2016
    setsid sh -c 'echo $$ >"$1/keeper.pid" && exec unshare --mount --propagation private "$2/keeper.sh" "$3" "$4"' \
        keeper "$dir" "$scripts" "$name" "$image" </dev/null >"$dir/console.log" 2>&1 9>&- &
    if ! wait_until 10 host_is_on "$name" || ! wait_until 90 greets_or_is_off ||
        host_is_off "$name" || ! wait_until 120 is_booted; then
        die "$name did not boot; the end of $dir/console.log: $(tail -n 3 "$dir/console.log")"
    fi
}

power_off() {
    local init
    host_is_on "$name" || return 0
    # What systemd powers off at.
    if init=$(host_init_pid "$name"); then kill -s RTMIN+4 "$init" || true; fi
    if ! wait_until 60 host_is_off "$name"; then
        say "$name does not shut down: cutting its power"
        power_cut
    fi
    unplug
}

# EXT4_IOC_SHUTDOWN: nothing reaches the disk any more.
stop_disk() {
    local holder
    holder=$(host_keeper "$name" || host_nspawn_pid "$name") || return
    # shellcheck disable=SC2016
    nsenter --mount --target "$holder" perl -e '
        sysopen(my $disk, $ARGV[0], 0) or die "$ARGV[0]: $!\n";
        my $no_log_flush = pack("L", 2);
        ioctl($disk, 0x8004587d, $no_log_flush) or die "$ARGV[0]: $!\n";' "$dir/disk"
}

power_cut() {
    local pid
    if host_is_on "$name"; then
        in_lab ip link set "$port" down 2>/dev/null || true
        stop_disk || say "$name: its disk goes on: what was not written may be written yet"
        # With PID 1 the whole host ends.
        for pid in $(host_init_pid "$name") $(host_pids "$name"); do
            kill -s KILL "$pid" 2>/dev/null || true
        done
        wait_until 30 host_is_off "$name" || die "$name does not end"
    fi
    unplug
}

case $2 in
on) power_on ;;
off) power_off ;;
cut) power_cut ;;
status) if host_is_on "$name"; then echo on; else echo off; fi ;;
*) die "no such action: $2" ;;
esac
