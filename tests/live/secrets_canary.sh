#!/usr/bin/env bash
# The database's password is in none of the things that a run shows or leaves behind.
source "$(dirname "$0")/lib.sh"

# The password's beginning, as it is, as URLs and password files have it, and in base64, whatever is before it.
head=${INMANTA_DB_PASSWORD:0:9}
patterns=("${head}" "${head/:/%3A}" "${head/:/%3a}" "${head/:/\\:}")
for before in '' x xx; do
    # Without the first and last characters, which depend on the neighbours.
    coded=$(printf %s "$before$INMANTA_DB_PASSWORD" | base64 --wrap=0)
    patterns+=("${coded:4:16}")
done
printf '%s\n' "${patterns[@]}" >"$scratch/patterns"

# Files of a host that have the password in them.
files_with_secret() {
    on "$1" 'cat >/run/patterns; cd /
        grep -rlaF -f /run/patterns --exclude=patterns /boot /etc /home /opt /root /run /srv /tmp /usr/local /var 2>/dev/null | sort
        journalctl --no-pager --output=cat | grep -aqF -f /run/patterns && echo journal
        rm /run/patterns' <"$scratch/patterns"
}
on_host_before() { files_with_secret "$1" >"$scratch/before.$1"; }
verify_none_new() {
    files_with_secret "$1" >"$scratch/after.$1"
    verify "nothing on $1 has it that had it not before" diff "$scratch/before.$1" "$scratch/after.$1"
}

# Everyone on a machine can read every command line: look at all, hosts' too, all the time.
watch_command_lines() {
    # shellcheck disable=SC2016
    exec perl -e '
        open(my $list, "<", $ARGV[0]) or die; chomp(my @patterns = <$list>);
        $| = 1;
        for (;;) {
            for my $file (glob("/proc/[0-9]*/cmdline")) {
                open(my $in, "<", $file) or next;
                my $line = join("", <$in>);
                for my $pattern (@patterns) {
                    next if index($line, $pattern) < 0;
                    $line =~ tr/\0/ /;
                    print "$line\n";
                }
            }
            select(undef, undef, undef, 0.02);
        }' "$scratch/patterns" >>"$scratch/command_lines"
}

reset_bed
on_host_before old
on_host_before new
verify "the test sees what there is to see" grep -q /etc/inmanta/inmanta.cfg "$scratch/before.new"
watch_command_lines & watcher=$!
background+=("$watcher")
sleep 0.3
sh -c 'sleep 0.3; :' "$INMANTA_DB_PASSWORD"
verify "the watch sees a command line that has it" test -s "$scratch/command_lines"
: >"$scratch/command_lines"

plan_preview preview || fail "preview succeeds" "$(output_of preview)"
# With a failure on the way: error messages tell most.
broken=$(head -n 1 <<<"$environments" | cut -d '|' -f 2)
on new "cp /srv/projects/$broken/main.cf /root/main.cf && echo 'value set twice' >>/srv/projects/$broken/main.cf"
! plan_apply failing || fail "a broken model stops the run"
on new "cp /root/main.cf /srv/projects/$broken/main.cf"
plan_apply last || fail "the run succeeds" "$(output_of last)"
plan_graph graph --format html -o "$scratch/graph.html" || fail "the graph is drawn" "$(output_of graph)"
INMANTA_DB_PASSWORD+=wrong plan_apply wrong || true

kill "$watcher"
wait "$watcher" 2>/dev/null || true
verify "no command line has it" test ! -s "$scratch/command_lines"
verify "no output, journal or graph has it" test -z \
    "$(grep -rlaF -f "$scratch/patterns" --exclude=patterns --exclude=command_lines "$scratch" || true)"
verify "nothing of a run is left in /tmp that has it" test -z \
    "$(grep -rlaF -f "$scratch/patterns" /tmp --include='*plan*' 2>/dev/null || true)"
verify_none_new old
verify_none_new new
