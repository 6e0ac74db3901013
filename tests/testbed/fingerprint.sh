#!/usr/bin/env bash
# fingerprint.sh NAME: prints what a host is like now, one fact a line, in a stable order:
# accounts' and services' files, units, listening ports, databases with their content. Two
# equal outputs: nothing that matters has changed in between, not even a file's time.
# Left out is what moves by itself: logs, sockets, locks, sessions, statistics.
source "$(dirname "$0")/bed.sh"
[[ $# == 1 ]] || usage NAME
need_host "$1"
exec "$scripts/host.sh" "$1" sh -s <<'ON_HOST'
set -eu
export LC_ALL=C
cd /

# Kind, mode, owner, size, time, path; a second list has the checksums.
look_at() { find /etc /srv /var/lib/inmanta /var/tmp /tmp /root /home -xdev \
    -path '*/systemd-private-*' -prune -o -path /etc/hosts -o -name '*.log' -o -type s -o "$@" 2>/dev/null || true; }
look_at -printf 'file %p %y %m %u:%g %s %T@ %l\n' | sort
look_at -type f -print0 | sort -z | xargs -0 -r sha256sum | sed 's/^/content /'

systemctl list-unit-files --no-legend --no-pager | grep -v '^session-' | awk '{print "unit file", $1, $2}' | sort
systemctl list-units --all --no-legend --no-pager --plain --type=service,socket,timer,target | awk '{print $1}' |
    grep -v -e '^systemd-' -e '^user@' -e '^user-' | sort | while read -r unit; do
        systemctl show "$unit" --property=LoadState,ActiveState,SubState,MainPID,NRestarts,ExecMainStartTimestamp |
            sort | paste -s -d ' ' | sed "s/^/unit $unit /"
    done
ss --no-header --tcp --listening --numeric | awk '{print "port", $4}' | sort
cat /proc/sys/kernel/random/boot_id | sed 's/^/boot /'

systemctl --quiet is-active postgresql.service || exit 0
ask() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --dbname="$1" --command="$2"; }
ask postgres "select 'cluster ' || system_identifier from pg_control_system()"
ask postgres "select format('role %s %s', rolname, md5(r::text)) from pg_authid r order by 1"
ask postgres "select format('database %s %s %s', datname, oid, pg_get_userbyid(datdba)) from pg_database order by 1"
ask postgres "select datname from pg_database where datallowconn order by 1" | while read -r database; do
    runuser -u postgres -- pg_dump --schema-only "$database" </dev/null | grep -v '^\\' | sha256sum |
        sed "s/^/schema $database /"
    # The sum of the rows' hashes does not depend on their order.
    ask "$database" "select format(
            'select ''table %s %I.%I '' || count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from %I.%I t',
            current_database(), schemaname, tablename, schemaname, tablename)
        from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1" </dev/null |
        while read -r query; do ask "$database" "$query" </dev/null; done
    ask "$database" "select format('sequence %s %I.%I %s', current_database(), schemaname, sequencename, last_value)
        from pg_sequences order by 1" </dev/null
done
ON_HOST
