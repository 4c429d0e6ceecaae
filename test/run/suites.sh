#!/usr/bin/env bash
# Runs the named suites (unit, integration, oldest, kube, e2e) on the pinned Node and adds their counts to $COUNTS_FILE.
# A suite that needs NATS or the cluster fails with the command that brings it up; it is never skipped.
set -uo pipefail
cd "$(dirname "$0")/../.."
node=node_modules/.bin/node
status=0

files_of() {
  case "$1" in
    unit) find test/contract test/consumer test/verify test/runtime test/collector test/operator test/simulator test/cli test/charts test/docs test/bench -name '*.test.ts' 2>/dev/null | sort ;;
    # Delivery, its streams and its security once more, on the oldest nats-server that is supported.
    oldest) find test/integration/{delivery,operator-nats,security} -name '*.test.ts' | sort ;;
    *) find "test/$1" -name '*.test.ts' 2>/dev/null | sort ;;
  esac
}

for suite in "$@"; do
  mapfile -t files < <(files_of "$suite")
  if [ "${#files[@]}" -eq 0 ]; then
    echo "suite $suite has no test files" >&2
    exit 1
  fi
  echo "== $suite: ${#files[@]} files"
  nats=${NATS_SERVER:-}
  case "$suite" in
    unit | integration) bin=$(test/cluster/tools.sh --bin); test/cluster/tools.sh nats-server helm ;;
    oldest)
      bin=$(test/cluster/tools.sh --bin); test/cluster/tools.sh nats-server-oldest helm
      nats=$bin/nats-server-oldest
      ;;
    *) bin=$(test/cluster/tools.sh --bin); eval "$(test/cluster/env.sh)" ;;
  esac
  export PATH="$bin:$PATH"
  # One file at a time where a cluster or a server is shared; two cores otherwise.
  concurrency=2
  [ "$suite" = kube ] || [ "$suite" = e2e ] || [ "$suite" = integration ] || [ "$suite" = oldest ] && concurrency=1
  report=$(mktemp)
  NATS_SERVER=$nats "$node" --test --test-concurrency="$concurrency" --test-timeout=900000 \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=./test/run/counts.js --test-reporter-destination="$report" "${files[@]}" || status=1
  cat "$report" >>"${COUNTS_FILE:-/dev/null}"
  rm -f "$report"
done
exit "$status"
