#!/usr/bin/env bash
# down.sh [--keep] [--purge]: ends the hosts and removes all of the bed; the image stays.
#   --keep   shuts down in order and keeps the hosts' disks for the next up.sh
#   --purge  removes the images too, if no other bed uses them
source "$(dirname "$0")/bed.sh"
need_root
keep=no purge=no
for option; do
    case $option in
    --keep) keep=yes ;;
    --purge) purge=yes ;;
    *) usage "[--keep] [--purge]" ;;
    esac
done
lock_bed

action='cut'
[[ $keep == no ]] || action=off
list_hosts | xargs -r -P "$jobs" -I{} "$scripts/power.sh" {} "$action" 9>&-
# What a killed program left on the controller.
! lab_is_up || ip netns pids "$lab" | xargs -r kill -KILL 2>/dev/null || true
for netns in /run/netns/"$bed"-*; do
    [[ ! -e $netns ]] || ip netns del "${netns##*/}"
done
rm -rf "/etc/netns/$lab"
rmdir /etc/netns 2>/dev/null || true
# shellcheck disable=SC2016
in_cgroup 'find . -mindepth 1 -depth -type d -exec rmdir {} + ; rmdir "$PWD"' || true
if [[ -f $work/inotify ]]; then
    cat "$work/inotify" >/proc/sys/fs/inotify/max_user_instances
    rm "$work/inotify"
fi
[[ $keep == yes ]] || rm -rf "$work"
[[ $purge == no ]] || "$scripts/image.sh" --purge
