#!/usr/bin/env bash
# tag-image.sh NAME OTHER: gives an image on both nodes another name, as a new version of it would have.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
[ $# -eq 2 ] || die "usage: tag-image.sh NAME OTHER"
for n in $nodes; do
  ctr --address "$state/node$n/containerd.sock" --namespace k8s.io images tag --force "$1" "$2" >/dev/null
done
