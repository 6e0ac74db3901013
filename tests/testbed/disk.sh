#!/usr/bin/env bash
# disk.sh NAME ACTION
#   show             how full the host's disk is
#   fill [MIB]       fills it but for this much (default: 0)
#   free             gives that room back
#   save LABEL       keeps a copy of the disk; the host must be off
#   restore LABEL    puts the copy back; the host must be off
#   saved LABEL      succeeds if there is such a copy
source "$(dirname "$0")/bed.sh"
need_root
[[ $# -ge 2 ]] || usage "NAME show|fill [MIB]|free|save LABEL|restore LABEL|saved LABEL"
name=$1 action=$2 argument=${3:-}
need_host "$name"
dir=$(host_dir "$name")
on_host() { "$scripts/host.sh" "$name" "$@"; }
copy() { cp --sparse=always "$1" "$2.part" && mv "$2.part" "$2"; }

case $action in
show) on_host df -h / ;;
fill)
    [[ ${argument:=0} =~ ^[0-9]+$ ]] || die "not a number of MiB: $argument"
    # At once what can be reserved, then the last blocks one by one; a sync sets some free.
    on_host "room=\$((\$(df --output=avail --block-size=1M / | tail -n 1) - $argument))
        [ \$room -le 0 ] || fallocate --length \${room}M /var/.ballast
        if [ $argument -eq 0 ]; then
            for block in 64k 4k 4k; do
                dd if=/dev/zero of=/var/.ballast_end bs=\$block oflag=append conv=notrunc 2>/dev/null || sync
            done
        fi"
    ;;
free) on_host rm -f /var/.ballast /var/.ballast_end ;;
save | restore | saved)
    [[ $argument =~ ^[a-z0-9_-]+$ ]] || die "not a label: '$argument'"
    kept=$dir/saved-$argument.img
    [[ $action != saved ]] || exec test -f "$kept"
    host_is_off "$name" || die "$name is on"
    if [[ $action == save ]]; then
        copy "$dir/disk.img" "$kept"
    else
        [[ -f $kept ]] || die "$name has no saved disk $argument"
        copy "$kept" "$dir/disk.img"
    fi
    ;;
*) die "no such action: $action" ;;
esac
