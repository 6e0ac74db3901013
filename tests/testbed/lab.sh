#!/usr/bin/env bash
# lab.sh COMMAND...: runs a command as the controller: where hosts are reached by their
# names, and nothing else is. $TESTBED_SSH_CONFIG tells it how.
source "$(dirname "$0")/bed.sh"
[[ $# -gt 0 ]] || usage "COMMAND..."
need_lab
export TESTBED_SSH_CONFIG=$ssh_config
exec ip netns exec "$lab" "$@"
