#!/usr/bin/env bash
# Makes the volume of each node (or of the named node numbers) afresh: an empty folder and its PersistentVolume.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
for n in ${*:-$nodes}; do
  kube delete persistentvolume "node$n" --ignore-not-found >/dev/null
  folder=$state/node$n/volume
  mkdir -p "$folder"
  find "$folder" -mindepth 1 -delete
  chmod 0777 "$folder"
  kube apply -f - >/dev/null <<YAML
apiVersion: v1
kind: PersistentVolume
metadata: { name: node$n }
spec:
  capacity: { storage: 20Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: { path: $folder }
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions: [{ key: kubernetes.io/hostname, operator: In, values: [node$n] }]
YAML
done
