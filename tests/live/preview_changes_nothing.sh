#!/usr/bin/env bash
# Looking is safe: neither preview nor a refused apply changes anything on a host.
source "$(dirname "$0")/lib.sh"
reset_bed
fingerprints before

verify "preview succeeds" plan_preview preview
verify_unchanged "preview changes nothing on the hosts" before
while IFS='|' read -r _ name; do
    verify_says "preview names environment $name" preview "for each env .*$name"
done <<<"$environments"
verify_says "preview shows what would be destroyed" preview 'validation|destroy'
verify_says "with the release that it is kept by" preview '^ +server_version +v?[0-9]+\.'
verify_says "and its size" preview '^ +bytes +[1-9][0-9]+$'
verify_says "preview shows the point of no return" preview 'point of no return: step resume'
verify_says "and what lies behind it" preview 'cannot: resume, compiled, agents'
verify_says "a step that an earlier one undoes does not hold already" preview 'run +start '
verify_says "and says why" preview 'new_orch.service.active. is false after .stop_new.'

waiting_for_person=5
status=0
run_plan unanswered apply "$plan_file" --inputs "$inputs" || status=$?
verify "apply without an answer is refused" test $status = $waiting_for_person
status=0
run_plan unconfirmed apply "$plan_file" --inputs "$inputs" --yes || status=$?
verify "apply that nobody allowed to destroy anything is refused" test $status = $waiting_for_person
verify_says "and tells how to allow it" unconfirmed '--confirm new_db.content'
verify_unchanged "both change nothing on the hosts" before

verify "the graph is drawn" plan_graph graph --format html -o "$scratch/graph.html"
verify "as a web page" grep -qi '<svg\|<html' "$scratch/graph.html"
verify_unchanged "drawing changes nothing on the hosts" before
