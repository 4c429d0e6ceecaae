#!/usr/bin/env bash
# What a failed demo looked like: feeds with their conditions, pods, events, the last lines of every log.
set -uo pipefail
namespace=$1
kubectl --namespace "$namespace" get collectorfeeds -o wide
kubectl --namespace "$namespace" get collectorfeeds -o jsonpath='{range .items[*].status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\n"}{end}'
kubectl --namespace "$namespace" get pods -o wide
kubectl --namespace "$namespace" get events --sort-by=.lastTimestamp | tail -20
for pod in $(kubectl --namespace "$namespace" get pods -o name); do
  echo "--- $pod"
  kubectl --namespace "$namespace" logs --tail=15 "$pod"
done
