#!/usr/bin/env bash
# What runs of the cluster; exit code 0 when it is up with both nodes Ready.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
if [ "${CLUSTER:-local}" = current ]; then
  PATH=$("$here/tools.sh" --bin):$PATH
  exec kubectl get nodes --request-timeout=10s
fi
for name in $components; do
  running=$(pids_of "$name" | xargs)
  printf '%-24s %s\n' "$name" "${running:-not running}"
done
all_running && both_ready || { say "the cluster is not up; make cluster-up brings it up"; exit 1; }
kube get nodes
kube get persistentvolumes
