#!/usr/bin/env bash
# The whole job on one screen: local Kubernetes, NATS with JetStream, a venue, the operator from its chart, a feed.
# Ends with the table of feeds, once a second, until Ctrl-C. ONCE=1: ends by itself, 0 when the counts moved and
# held against the stream. KEEP=1: leaves everything running.
set -euo pipefail
cd "$(dirname "$0")/../.."
namespace=market-data
cluster_was_up=no
test/cluster/status.sh >/dev/null 2>&1 && cluster_was_up=yes

cleanup() {
  local code=$?
  trap - EXIT INT TERM
  if [ "$code" -ne 0 ] && [ "$code" -ne 130 ]; then test/demo/explain.sh "$namespace" >&2 || true; fi
  if [ "${KEEP:-}" != 1 ]; then
    echo "cleaning up (KEEP=1 leaves it running)"
    test/demo/down.sh || true
    [ "$cluster_was_up" = yes ] || test/cluster/down.sh || true
  fi
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

begin=$SECONDS
# Bold at a terminal, plain in a file.
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; else bold='' plain=''; fi
say() { printf '%s[%3ds] %s%s\n' "$bold" $((SECONDS - begin)) "$*" "$plain"; }

say "1/6 tools (the first build takes about ten minutes, then they are cached)"
test/cluster/tools.sh
say "2/6 a two-node Kubernetes on this machine"
test/cluster/up.sh
eval "$(test/cluster/env.sh)"
say "3/6 the image"
test/cluster/make-image.sh
say "4/6 helm install marketprism charts/marketprism"
kubectl create namespace "$namespace" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted --overwrite >/dev/null
helm upgrade --install marketprism charts/marketprism --namespace "$namespace" \
  --values test/demo/values.yaml --take-ownership --wait --timeout 180s >/dev/null
kubectl --namespace "$namespace" get pods
say "5/6 kubectl apply -f test/demo/feed.yaml"
kubectl apply -f test/demo/feed.yaml
say "6/6 the counts"
if [ "${ONCE:-}" = 1 ]; then
  node_modules/.bin/node test/demo/check.ts "$namespace" binance-majors
  kubectl --namespace "$namespace" get collectorfeeds
  say "done: the counts moved and hold against the stream"
else
  node_modules/.bin/node test/demo/watch.ts "$namespace"
fi
