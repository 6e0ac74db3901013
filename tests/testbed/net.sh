#!/usr/bin/env bash
# net.sh NAME ACTION: faults on a host's link, open connections included.
#   down          the cable is pulled
#   drop [PEER]   packets vanish: all, or those to and from one other host, or from lab
#   loss PERCENT  so many (1 to 99) of them vanish, each way
#   rate KBIT     bandwidth, each way
#   heal          ends all of these
#   show          prints what is in force
# Delay is missing: not every kernel has netem.
source "$(dirname "$0")/bed.sh"
need_root
[[ $# -ge 2 ]] || usage "NAME down|drop [PEER]|loss PERCENT|rate KBIT|heal|show"
name=$1 action=$2 argument=${3:-}
need_host "$name"
need_lab
port=$(host_port "$name")
netns=$(host_netns "$name")

need_number() { [[ $argument =~ ^[0-9]+$ ]] || die "$action needs a number, not '$argument'"; }

# rule HOOK MATCH... VERDICT; the comment tells whose rule it is.
rule() { in_lab nft add rule bridge faults "$@" comment "\"$name\""; }

list_table() { in_lab nft --handle list table bridge faults 2>/dev/null || true; }

need_table() {
    [[ -z $(list_table) ]] || return 0
    local hook
    in_lab nft add table bridge faults
    for hook in input forward output; do
        in_lab nft add chain bridge faults "$hook" "{ type filter hook $hook priority 0; }"
    done
}

remove_rules() {
    local hook handle
    list_table | awk -v mine="comment \"$name\"" '$1 == "chain" {hook = $2} index($0, mine) {print hook, $NF}' |
        while read -r hook handle; do
            in_lab nft delete rule bridge faults "$hook" handle "$handle"
        done
}

case $action in
down) in_lab ip link set "$port" down ;;
drop)
    need_table
    if [[ -z $argument || $argument == lab ]]; then
        rule input iifname "$port" drop
        rule output oifname "$port" drop
    fi
    if [[ -z $argument ]]; then
        rule forward iifname "$port" drop
        rule forward oifname "$port" drop
    elif [[ $argument != lab ]]; then
        need_host "$argument"
        rule forward iifname "$port" oifname "$(host_port "$argument")" drop
        rule forward iifname "$(host_port "$argument")" oifname "$port" drop
    fi
    ;;
loss)
    need_number
    need_table
    for hook in input forward; do rule $hook iifname "$port" numgen random mod 100 '<' "$argument" drop; done
    for hook in output forward; do rule $hook oifname "$port" numgen random mod 100 '<' "$argument" drop; done
    ;;
rate)
    need_number
    shape=(root tbf rate "${argument}kbit" burst 16k latency 1s)
    in_lab tc qdisc replace dev "$port" "${shape[@]}"
    tc -n "$netns" qdisc replace dev eth0 "${shape[@]}"
    ;;
heal)
    remove_rules
    in_lab ip link show "$port" >/dev/null 2>&1 || exit 0
    in_lab tc qdisc del dev "$port" root 2>/dev/null || true
    tc -n "$netns" qdisc del dev eth0 root 2>/dev/null || true
    in_lab ip link set "$port" up
    ;;
show)
    in_lab ip -brief link show "$port"
    list_table | grep -F "comment \"$name\"" || true
    in_lab tc qdisc show dev "$port"
    ;;
*) die "no such action: $action" ;;
esac
