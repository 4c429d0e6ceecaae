#!/usr/bin/env bash
# load.sh TAR…: imports images into both nodes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
[ $# -gt 0 ] || die "which tar?"
load() {
  local n=$1 tar
  shift
  for tar in "$@"; do
    ctr --address "$state/node$n/containerd.sock" --namespace k8s.io images import "$tar" >/dev/null
  done
}
for n in $nodes; do
  [ -S "$state/node$n/containerd.sock" ] || die "the cluster is not up; make cluster-up brings it up"
done
loading=()
for n in $nodes; do
  load "$n" "$@" &
  loading+=($!)
done
for pid in "${loading[@]}"; do wait "$pid"; done
