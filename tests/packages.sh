#!/usr/bin/env bash
# packages.sh [build] [test] [tools]: installs the Debian packages that building, the live tests
# and the clang tools need. Does nothing where all are there. Needs root only to install.
set -euo pipefail
build=(g++ cmake ninja-build pkg-config tao-pegtl-dev libfmt-dev libpq-dev libboost-dev libboost-filesystem-dev
    libboost-graph-dev libcli11-dev nlohmann-json3-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev
    libgraphviz-dev catch2)
test=(postgresql systemd-container mmdebstrap nftables iproute2 openssh-client openssh-server e2fsprogs procps perl python3
    postgresql-client curl ca-certificates git openssl util-linux mount jq)
tools=(clang-format-19 clang-tidy-19 shellcheck)
wanted=()
for group in "${@:-build}"; do
    case $group in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    tools) wanted+=("${tools[@]}") ;;
    *) echo "usage: packages.sh [build] [test] [tools]" >&2; exit 2 ;;
    esac
done
missing=()
for package in "${wanted[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0
echo "installing ${missing[*]}" >&2
[[ $EUID == 0 ]] || { echo "packages.sh: must run as root to install: ${missing[*]}" >&2; exit 1; }
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
