#!/usr/bin/env bash
# Copies the CRD into the chart (Helm reads nothing outside of it). --check: only tells whether the copy is in step.
set -euo pipefail
cd "$(dirname "$0")"
source=../../crds/marketprism.io_collectorfeeds.yaml
copy=files/collectorfeeds.yaml
if [ "${1:-}" = --check ]; then
  cmp -s "$source" "$copy" || { echo "$copy differs from crds/; run charts/marketprism/sync-crds.sh" >&2; exit 1; }
else
  cp "$source" "$copy"
fi
