#!/usr/bin/env bash
# Whatever is wrong is found before anything is changed, and said in words that help.
source "$(dirname "$0")/lib.sh"

# refused WHAT PATTERN: apply must fail, in time, with these words, and not by a bug.
number=0
verify_refused() {
    local name status=0
    name=case$((++number))
    plan_apply "$name" || status=$?
    if [[ $status == 0 ]]; then
        fail "$1: refused" "$(output_of $name)"
        reset_bed # or the next case would find all done
        fingerprints before
    elif ((status >= 128 || status == 70)) || grep -qi 'bug in plan' "$scratch/$name.txt"; then
        fail "$1: refused, but by a bug: status $status" "$(output_of $name)"
    else
        verify_says "$1: refused in words that help" "$name" "$2"
    fi
}
copy_ssh_config() { sed "s|UserKnownHostsFile .*|UserKnownHostsFile $1|" "$TESTBED_WORK/ssh_config" >"$scratch/ssh_config"; }

reset_bed
fingerprints before

# What is said to the program.
write_inputs new=nowhere
verify_refused "a host that does not exist" 'nowhere'
write_inputs new=old
verify_refused "the same host twice" 'same (host|machine|database|thing)|not distinct|distinct'
write_inputs new="$(on old hostname -I | awk '{print $1}')"
verify_refused "one machine under two addresses" '.old_db. and .new_db. are one and the same: .old. and .new. are one machine'
write_inputs new_user=nobody_such
verify_refused "a user that does not exist" 'permission denied|authentication|log ?in'
write_inputs new_user=plain
verify_refused "a user who may not become root" 'sudo|root'
write_inputs new_user=ops
verify_refused "a user whose sudo wants a password" 'sudo|password'
write_inputs
sed -i '/^db_password/d' "$inputs"
verify_refused "a missing input" 'db_password'
write_inputs
echo 'colour = "blue"' >>"$inputs"
verify_refused "an input that the plan has not" 'colour'
write_inputs
echo 'old = host {' >>"$inputs"
verify_refused "inputs that are not inputs" "inputs"
write_inputs
INMANTA_DB_PASSWORD=wrong verify_refused "a wrong password of the database's role" 'password'

# What answers, or not.
copy_ssh_config /dev/null
ssh_config=$scratch/ssh_config verify_refused "an unknown host key" 'host key'
key=$(awk '/^new,/ {print $3}' "$TESTBED_WORK/known_hosts")
awk -v key="$key" '/^old,/ {$3 = key} {print}' "$TESTBED_WORK/known_hosts" >"$scratch/known_hosts"
copy_ssh_config "$scratch/known_hosts"
ssh_config=$scratch/ssh_config verify_refused "another host's key" 'host key'
"$testbed/net.sh" new drop
verify_refused "a host that does not answer" 'timed out|unreachable|no answer|does not answer'
"$testbed/net.sh" new heal
verify_unchanged "until here nothing has changed on the hosts" before

# What the host lacks: the test itself takes it away.
on new "mv /etc/machine-id /etc/machine-id.away && touch /etc/machine-id"
verify_refused "a host without a machine id" 'host .new. has no machine id'
on new "mv /etc/machine-id.away /etc/machine-id"

# What is found there.
second=$(cut -d '|' -f 2 <<<"$environments" | sed -n 2p)
repository_of_second=$(sql old "select repo_url from environment where name = '$second'")
sql old "update environment set repo_url = '' where name = '$second'"
verify_refused "an environment without a repository" "$second"
sql old "update environment set repo_url = '$repository_of_second' where name = '$second'"
sql old "update environment set settings = settings || '{\"server_compile\": false}' where name = '$second'"
verify_refused "an environment that the server does not compile" "$second"
sql old "update environment set settings = settings - 'server_compile' where name = '$second'"
on new systemctl stop inmanta-server
administer new 'alter database inmanta owner to postgres; alter role inmanta rename to renamed'
verify_refused "a role that does not exist" 'inmanta'
administer new 'alter role renamed rename to inmanta; alter database inmanta owner to inmanta'
on new systemctl start inmanta-server
"$testbed/disk.sh" new fill 20
verify_refused "a disk without room" 'space|disk|room'
"$testbed/disk.sh" new free
on old mv /usr/bin/pg_dump /usr/bin/pg_dump.away
verify_refused "a tool that is not there" 'pg_dump'
on old mv /usr/bin/pg_dump.away /usr/bin/pg_dump
verify "the old server was left running" answers old
verify "none of its environments was halted" test -z "$(sql old 'select name from environment where halted')"

# What else is going on.
reset_bed
start_apply first
sleep 4
verify_refused "a second run at the same time" 'another process works on this run'
sleep 2
kill -KILL "$run_pid" 2>/dev/null || fail "the first run ended too early" "$(output_of first)"
wait "$run_shell" 2>/dev/null || true
cp -a "$home/state" "$scratch/state"
# Inside of a record; between the records there is room that nobody reads.
find "$home/state" -name '*.journal' | while read -r file; do
    dd if=/dev/urandom of="$file" bs=1 count=16 seek=$(($(grep -abo '"kind":"intent"' "$file" | head -n 1 | cut -d: -f1) + 4)) conv=notrunc status=none
done
verify_refused "a damaged journal" 'journal|damaged|corrupt|malformed'
rm -rf "$home/state"
cp -a "$scratch/state" "$home/state"
verify "with the journal whole again, the run goes on" plan_apply last
verify_migrated "and reaches the goals"
