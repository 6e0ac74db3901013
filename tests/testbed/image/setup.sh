#!/usr/bin/env bash
# setup.sh ROOT OPS_PASSWORD: makes the hosts' image of a fresh Debian root.
set -euo pipefail
root=$1 ops_password=$2
from=$(cd "$(dirname "$0")" && pwd)
inside() { chroot "$root" "$@"; }

# Who a host is comes with its disk: up.sh writes it there.
: >"$root/etc/machine-id"
rm -f "$root/etc/hostname" "$root"/etc/ssh/ssh_host_*
echo 'LANG=C.UTF-8' >"$root/etc/default/locale"

# deploy may do anything, ops may with a password, plain may not.
for user in deploy ops plain; do
    inside useradd --create-home --shell /bin/bash "$user"
done
inside chpasswd <<<"ops:$ops_password"
install -m 440 /dev/stdin "$root/etc/sudoers.d/testbed" <<<'deploy ALL=(ALL:ALL) NOPASSWD: ALL
ops ALL=(ALL:ALL) ALL'

# Each host makes its PostgreSQL cluster at its first boot: clusters of different
# hosts have different system identifiers, as they have in real life.
cluster=$(echo "$root"/var/lib/postgresql/*/main)
settings=$(echo "$root"/etc/postgresql/*/main)
rm -rf "$cluster"
cat >"$settings/conf.d/testbed.conf" <<'CONF'
listen_addresses = '*'
max_wal_size = 256MB
log_statement = ddl
CONF
echo 'host all all samenet scram-sha-256' >>"$settings/pg_hba.conf"
install -m 755 "$from/make_cluster" "$root/usr/local/sbin/make_cluster"
install -m 644 "$from/make_cluster.service" "$root/etc/systemd/system/make_cluster.service"
inside systemctl --quiet enable make_cluster.service

# Nothing on a host happens by itself while a test looks at it.
inside systemctl --quiet set-default multi-user.target
inside systemctl --quiet mask console-getty.service getty.target systemd-networkd-wait-online.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-tmpfiles-clean.timer

if inside sh -c 'ls /usr/bin/python* /usr/local/bin/python*' >/dev/null 2>&1; then
    echo "setup.sh: a package brought python into the image" >&2
    exit 1
fi
