#!/usr/bin/env bash
# An environment that does not compile on the new server is named, with the server's own words, and
# halted again; the others are left alone; once it is mended, the same command finishes.
source "$(dirname "$0")/lib.sh"

halted() { sql new "select halted from environment where name = '$1'"; }
compiled() { sql new "select count(*) from compile c join environment e on e.id = c.environment
    where e.name = '$1' and c.metadata ? 'plan_token' and c.success"; }

# refused WHAT NAME BROKEN: the run must fail, name the environment, and leave it halted.
verify_refused() {
    if plan_apply "$2"; then fail "$1: the run fails"; else pass "$1: the run fails"; fi
    verify_says "$1: the environment is named" "$2" "$3"
    verify "$1: it is halted again" test "$(halted "$3")" = t
    verify "$1: it was not compiled" test "$(compiled "$3")" = 0
}

reset_bed
broken=$(cut -d '|' -f 2 <<<"$environments" | sed -n 2p)
model=/srv/projects/$broken/main.cf
on new "cp $model /root/main.cf && echo 'value set twice' >>$model"
verify_refused "a model with an error" model "$broken"
verify_says "the stage is named" model 'Recompiling configuration model'
verify_says "the server's words are shown" model 'value set twice'
while IFS='|' read -r _ name; do
    [[ $name != "$broken" ]] || continue
    case $(halted "$name")$(compiled "$name") in
    t0) pass "$name has not been touched" ;;
    f1) pass "$name was compiled and runs" ;;
    *) fail "$name is left alone" "halted: $(halted "$name"), compiles that succeeded: $(compiled "$name")" ;;
    esac
done <<<"$environments"

on new "cp /root/main.cf $model; echo conflict >/srv/projects/$broken/requirements.txt"
verify_refused "modules that do not fit" modules "$broken"
verify_says "that stage is named" modules '(Installing|Updating) modules'
verify_says "with the server's words" modules 'ConflictingRequirements'

on new "rm /srv/projects/$broken/requirements.txt"
verify "mended, the run goes on to its end" plan_apply mended
verify "nothing is halted" test -z "$(sql new 'select name from environment where halted')"
while IFS='|' read -r _ name; do
    verify "$name was compiled, once" test "$(compiled "$name")" = 1
done <<<"$environments"
