#!/usr/bin/env bash
# host.sh [USER@]NAME [COMMAND...]: runs a command (or a shell) on a host, over ssh from
# the controller; as root where no user is named.
source "$(dirname "$0")/bed.sh"
[[ $# -gt 0 ]] || usage "[USER@]NAME [COMMAND...]"
need_lab
[[ $1 == *@* ]] || set -- "root@$1" "${@:2}"
exec ip netns exec "$lab" ssh -F "$ssh_config" "$@"
