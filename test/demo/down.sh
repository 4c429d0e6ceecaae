#!/usr/bin/env bash
# Removes what the demo installed: the feed first, so that the operator sees its pods out, then release and namespace.
set -uo pipefail
cd "$(dirname "$0")/../.."
test/cluster/status.sh >/dev/null 2>&1 || exit 0
eval "$(test/cluster/env.sh)"
namespace=market-data
kubectl --namespace "$namespace" delete collectorfeeds --all --timeout=60s 2>/dev/null
# Collectors deliver what they hold before they end: NATS and operator have to outlive them.
kubectl --namespace "$namespace" wait --for=delete pods --selector app.kubernetes.io/name=marketprism-collector \
  --timeout=100s 2>/dev/null
helm uninstall marketprism --namespace "$namespace" --wait --timeout 120s 2>/dev/null
kubectl delete namespace "$namespace" --timeout=120s --ignore-not-found 2>/dev/null
