#!/usr/bin/env bash
# eval "$(test/cluster/env.sh)": KUBECONFIG of the cluster, kubectl, helm, nats and the rest on the PATH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
if [ "${CLUSTER:-local}" = current ]; then
  echo "export KUBECONFIG=${KUBECONFIG:-$HOME/.kube/config}"
else
  echo "export KUBECONFIG=$state/admin.kubeconfig"
  [ -z "${HTTPS_PROXY:-}${https_proxy:-}" ] ||
    echo "export NO_PROXY=${NO_PROXY:+$NO_PROXY,}198.18.0.0/15 no_proxy=${no_proxy:+$no_proxy,}198.18.0.0/15"
fi
echo "export PATH=$("$here/tools.sh" --bin):\$PATH"
