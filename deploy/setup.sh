#!/usr/bin/env bash
# Installs what building Sekisho needs on Debian or Ubuntu, and with `test` what its tests need, too.
# Asks nothing, and touches nothing that is already there.
#
#   deploy/setup.sh         a C compiler and the headers of OpenSSL
#   deploy/setup.sh test    also a PostgreSQL server, Chromium, a font with Japanese letters, and axe-core by npm
set -euo pipefail

say() { echo "setup: $*"; }
has() { command -v "$1" >/dev/null 2>&1; }

wanted=()
needs() { say "missing: $2 (package $1)"; wanted+=("$1"); }

has cc || needs build-essential "a C compiler"
has pkg-config || needs pkg-config "pkg-config"
{ has pkg-config && pkg-config --exists openssl; } || needs libssl-dev "the headers of OpenSSL"
[ -e /etc/ssl/certs/ca-certificates.crt ] || needs ca-certificates "the certificates of public authorities"
has curl || needs curl "curl"

if [ "${1:-}" = test ]; then
    if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && ! has initdb; then
        needs postgresql "a PostgreSQL server"
    fi
    [ -x /usr/bin/chromium ] || needs chromium "Chromium"
    compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || needs fonts-noto-cjk "Japanese letters"
    has node || needs nodejs "Node.js"
    has npm || needs npm "npm"
fi

if [ ${#wanted[@]} -gt 0 ]; then
    if ! has apt-get; then
        say "this is not Debian or Ubuntu; please install by hand: ${wanted[*]}" >&2
        exit 1
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || { say "please run as root, or install sudo: ${wanted[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" </dev/null; }

    say "installing ${wanted[*]}"
    "${as_root[@]}" apt-get update -qq
    if [[ " ${wanted[*]} " == *" postgresql "* ]]; then
        # The tests start a server of their own; Debian's package would leave a second one running for good.
        no_cluster=/etc/postgresql-common/createcluster.d/sekisho-setup.conf
        install postgresql-common
        "${as_root[@]}" mkdir -p "${no_cluster%/*}"
        echo "create_main_cluster = false" | "${as_root[@]}" tee "$no_cluster" >/dev/null
        trap '"${as_root[@]}" rm -f "$no_cluster"' EXIT
    fi
    install "${wanted[@]}"
fi

# What tests/package.json names; again when the lockfile has changed.
if [ "${1:-}" = test ]; then
    tests=$(cd "$(dirname "$0")/../tests" && pwd)
    if ! cmp -s "$tests/package-lock.json" "$tests/node_modules/.installed"; then
        say "installing what tests/package.json names"
        (cd "$tests" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        cp "$tests/package-lock.json" "$tests/node_modules/.installed"
    fi
fi

# shellcheck source=/dev/null
has cargo || { [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"; } || true
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
if ! has cargo; then
    say "Rust is missing. Install $needed or newer as https://rustup.rs says, then run this again:" >&2
    say "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y" >&2
    exit 1
fi
found=$(cargo --version | cut -d' ' -f2)
if [ "$(printf '%s\n' "$needed" "$found" | sort -V | head -n 1)" != "$needed" ]; then
    say "Rust $found is too old; $needed is needed: rustup update stable" >&2
    exit 1
fi
say "everything is there"
