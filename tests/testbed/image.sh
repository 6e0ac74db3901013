#!/usr/bin/env bash
# image.sh [--purge]: prints the path of the root file system that all hosts share as
# their lowest layer, and builds it first if there is none for these inputs. With
# --purge, removes all images that no host uses.
source "$(dirname "$0")/bed.sh"
need_root

# No python: hosts only have to have a POSIX shell, and the tests shall prove it.
packages=(
    systemd systemd-sysv dbus libpam-systemd libnss-systemd openssh-server sudo
    iproute2 iputils-ping procps curl git
    postgresql-15
    libpq5 libssl3 libfmt9 libstdc++6 # for the test orchestrator
)
# What no test reads: manuals, translations, and the JIT of PostgreSQL with its LLVM.
left_out=(
    '/usr/share/man/*' '/usr/share/doc/*' '/usr/share/locale/*'
    '/usr/lib/*/libLLVM*' '/usr/lib/postgresql/*/lib/*jit*' '/usr/lib/postgresql/*/lib/bitcode/*'
)

# Removes the images that no keeper holds, except the one named.
purge() {
    local image
    for image in "$images"/root-*; do
        [[ -d $image && $image != "${1:-}" ]] || continue
        # shellcheck disable=SC2094
        (
            flock --nonblock 8 || exit 0
            rm -rf "$image" "$image.lock"
        ) 8>"$image.lock"
    done
}

package_sources() {
    # shellcheck disable=SC2016
    apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | sort -u
}

mkdir -p "$images"
exec 9>"$images/lock"
flock 9
if [[ ${1:-} == --purge ]]; then
    purge
    exit
fi

codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
sum=$({
    cat "$scripts/image.sh" "$scripts"/image/*
    echo "$codename $ops_password"
} | sha256sum)
image=$images/root-${sum:0:12}
if [[ ! -d $image ]]; then
    need_tools
    say "building the hosts' image (one to two minutes)"
    # The package sources that this machine itself uses.
    list=$(mktemp)
    trap 'rm -rf "$list" "$image.new"' EXIT
    package_sources >"$list"
    if [[ ! -s $list ]]; then
        apt-get update -qq >&2
        package_sources >"$list"
    fi
    [[ -s $list ]] || die "apt knows no package lists of Debian"
    options=()
    for pattern in "${left_out[@]}"; do options+=(--dpkgopt="path-exclude=$pattern"); done
    rm -rf "$image.new"
    mmdebstrap --quiet --mode=root --variant=minbase \
        --include="$(IFS=,; echo "${packages[*]}")" \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        --dpkgopt=force-unsafe-io "${options[@]}" \
        --customize-hook="'$scripts/image/setup.sh' \"\$1\" '$ops_password'" \
        "$codename" "$image.new" "$list" >&2
    mv "$image.new" "$image"
    rm -f "$list"
    trap - EXIT
    purge "$image"
fi
echo "$image"
