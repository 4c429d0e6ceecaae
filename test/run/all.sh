#!/usr/bin/env bash
# `make test`: every check and suite, then one closing line. Brings the local cluster up and, when it was not up
# before, takes it down again.
set -uo pipefail
cd "$(dirname "$0")/../.."
COUNTS_FILE=$(mktemp)
export COUNTS_FILE
started_cluster=no
failed_steps=()

finish_cluster() {
  if [ "$started_cluster" = yes ]; then test/cluster/down.sh || true; fi
  started_cluster=no
}
finish() {
  finish_cluster
  rm -f "$COUNTS_FILE"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() {
  local name=$1
  shift
  local begin=$SECONDS
  echo "== $name"
  if "$@"; then echo "== $name: ok ($((SECONDS - begin)) s)"; else
    failed_steps+=("$name")
    echo "== $name: FAILED ($((SECONDS - begin)) s)"
    return 1
  fi
}

step check npm run --silent check
step tools test/cluster/tools.sh
step unit test/run/suites.sh unit
step integration test/run/suites.sh integration
step oldest test/run/suites.sh oldest
test/cluster/status.sh >/dev/null 2>&1 || started_cluster=yes
if step cluster test/cluster/up.sh && step image test/cluster/make-image.sh; then
  step kube test/run/suites.sh kube
  step e2e test/run/suites.sh e2e
fi

finish_cluster
read -r passed failed skipped < <(awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}' "$COUNTS_FILE")
if [ "${#failed_steps[@]}" -gt 0 ]; then
  echo "failed steps: ${failed_steps[*]}"
  [ "$failed" -gt 0 ] || failed=${#failed_steps[@]}
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
