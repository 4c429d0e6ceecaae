#!/usr/bin/env bash
# volumes-recycle.sh STATE/: as long as the cluster is up, empties a volume whose claim is gone and offers it again,
# as a provisioner would. The argument is only for finding this process.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
kubectl=$("$here/tools.sh" --bin)/kubectl
trap 'kill $(jobs -p) 2>/dev/null; exit 0' TERM
# A coprocess, so that stopping this script stops kubectl too.
while [ -d "$state" ]; do
  coproc watching { exec "$kubectl" --kubeconfig "$state/admin.kubeconfig" get persistentvolumes --watch \
    -o jsonpath='{.metadata.name} {.status.phase}{"\n"}' 2>/dev/null; }
  while read -r name phase <&"${watching[0]}"; do
    if [ "$phase" = Released ] || [ "$phase" = Failed ]; then "$here/volumes.sh" "${name#node}"; fi
  done
  sleep 1
done
