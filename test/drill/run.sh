#!/usr/bin/env bash
# One drill on the pinned Node, with nats-server at hand.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f "test/drill/$1.ts" ] || { echo "there is no drill $1" >&2; test/drill/list.sh >&2; exit 2; }
bin=$(test/cluster/tools.sh --bin)
export PATH="$bin:$PATH"
command -v nats-server >/dev/null || test/cluster/tools.sh nats-server
if grep -q '^// needs the cluster' "test/drill/$1.ts"; then
  test/cluster/tools.sh
  test/cluster/up.sh
  eval "$(test/cluster/env.sh)"
fi
exec node_modules/.bin/node "test/drill/$1.ts"
