#!/usr/bin/env bash
# Installs what the local cluster needs from the distribution (root), or prints the one command that does.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
[ "${CLUSTER:-local}" != current ] || exit 0

PATH=$PATH:/usr/sbin:/sbin
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need containerd containerd
need runc runc
need iptables iptables
need openssl openssl
need ip iproute2
# The Python example of a consumer is a judge in the tests.
need python3 python3
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
[ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || missing+=(containernetworking-plugins)
[ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1 || missing+=(busybox-static)
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)

command -v go >/dev/null || say "note: Go 1.26 or newer builds the tools and is not on the PATH (https://go.dev/dl)"
if [ ${#missing[@]} -eq 0 ]; then
  say "setup: nothing missing"
elif ! command -v apt-get >/dev/null; then
  die "please install with this machine's package manager: ${missing[*]}"
elif [ "$(id -u)" -ne 0 ]; then
  say "please run: sudo apt-get install -y --no-install-recommends ${missing[*]}"
  exit 1
else
  say "installing: ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
