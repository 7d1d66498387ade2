#!/usr/bin/env bash
# A first try: the provider with demo members at http://localhost:8080, and the example portal at http://localhost:8090.
# Both are built by `make run` and end together: on Ctrl-C, or when one of them stops.
#
#   SEKISHO_PORT=9080 PORTAL_PORT=9090 make run     to use other ports
set -euo pipefail
cd "$(dirname "$0")/.."

sekisho_port=${SEKISHO_PORT:-8080}
portal_port=${PORTAL_PORT:-8090}
# The provider takes its settings from SEKISHO_* variables, and this is none of them.
unset SEKISHO_PORT
built=${CARGO_TARGET_DIR:-target}/quick

processes=()
stop() {
    trap - EXIT INT TERM
    # One of them may have ended before.
    kill -TERM "${processes[@]}" 2>/dev/null || true
    wait
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$built/sekisho" demo --port "$sekisho_port" --portal-port "$portal_port" &
processes+=($!)
PORTAL_PORT=$portal_port PORTAL_ISSUER="http://localhost:$sekisho_port" "$built/examples/portal" &
processes+=($!)

# Neither should end by itself: the first that does says so with its status.
wait -n
