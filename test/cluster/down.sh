#!/usr/bin/env bash
# Stops the local cluster and leaves nothing behind. CLUSTER=current: does nothing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
[ "${CLUSTER:-local}" != current ] || { say "CLUSTER=current: nothing to stop"; exit 0; }
lock_cluster
"$here/clean.sh" 9>&-
say "the cluster is down"
