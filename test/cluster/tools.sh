#!/usr/bin/env bash
# Builds the pinned tools of the local cluster into the cache.
#   tools.sh [name…]   tool names or groups (nats, kubernetes); default: all; prints the bin directory
#   tools.sh --bin     prints the bin directory only, builds nothing
# Each Go module under tools/ has its own folder in the cache, named by the hash of its pins:
# changing one pin rebuilds that module and nothing else.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/cluster/lib.sh
. "$here/lib.sh"

# tool, group, module (folder under tools/), package; in build order
table='
nats-server              nats        nats-server  github.com/nats-io/nats-server/v2
nats-server-oldest       nats        nats-server-oldest  github.com/nats-io/nats-server/v2
kube-apiserver           kubernetes  kubernetes   k8s.io/kubernetes/cmd/kube-apiserver
kube-controller-manager  kubernetes  kubernetes   k8s.io/kubernetes/cmd/kube-controller-manager
kube-scheduler           kubernetes  kubernetes   k8s.io/kubernetes/cmd/kube-scheduler
kubelet                  kubernetes  kubernetes   k8s.io/kubernetes/cmd/kubelet
kube-proxy               kubernetes  kubernetes   k8s.io/kubernetes/cmd/kube-proxy
kubectl                  kubernetes  kubernetes   k8s.io/kubernetes/cmd/kubectl
etcd                     cluster     etcd         go.etcd.io/etcd/server/v3
coredns                  cluster     coredns      github.com/coredns/coredns
helm                     clients     helm         helm.sh/helm/v4/cmd/helm
nats                     nats        nats         github.com/nats-io/natscli/nats
kwok                     clients     kwok         sigs.k8s.io/kwok/cmd/kwok
'

# Linker flags for the version that a binary reports, where the module itself does not know it.
flags() {
  local minor
  pinned() { sed -n "s|^[[:space:]]*\(require \)\{0,1\}$1 \(v[^ ]*\).*|\2|p" "$here/tools/$2/go.mod" | head -n 1; }
  case $1 in
    kubernetes)
      minor=$(pinned k8s.io/kubernetes kubernetes | cut -d. -f2)
      echo "-X k8s.io/component-base/version.gitVersion=$(pinned k8s.io/kubernetes kubernetes)" \
        "-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor"
      ;;
    helm) echo "-X helm.sh/helm/v4/internal/version.version=$(pinned helm.sh/helm/v4 helm)" ;;
    nats) echo "-X main.version=$(pinned github.com/nats-io/natscli nats)" ;;
    kwok) echo "-X sigs.k8s.io/kwok/pkg/consts.Version=$(pinned sigs.k8s.io/kwok kwok)" ;;
  esac
}

# The folder of one module's binaries: pins, linker flags and compiler decide.
module_dir() {
  local sum
  sum=$({ cat "$here/tools/$1/go.mod" "$here/tools/$1/go.sum"; flags "$1"; uname -m; } | sha256sum | cut -c1-12)
  echo "$cache/tools/$1-$sum"
}

bin=$cache/bin/$(while read -r _ _ module _; do [ -z "$module" ] || module_dir "$module"; done <<<"$table" |
  sort -u | xargs -n1 basename | sha256sum | cut -c1-12)
if [ "${1:-}" = --bin ]; then
  echo "$bin"
  exit 0
fi

wanted=" ${*:-all} "
selected() { [[ $wanted == *" all "* || $wanted == *" $1 "* || $wanted == *" $2 "* ]]; }
for name in $wanted; do
  [ "$name" = all ] || awk -v n="$name" '$1 == n || $2 == n {found = 1} END {exit !found}' <<<"$table" ||
    die "no tool or group is named $name"
done

mkdir -p "$bin"
exec 9>"$cache/tools.lock"
flock -n 9 || { say "another build is running, waiting for it"; flock 9; }

missing=()
while read -r tool group module package; do
  [ -n "$tool" ] || continue
  selected "$tool" "$group" || continue
  dir=$(module_dir "$module")
  [ -x "$dir/$tool" ] && ln -sfn "$dir/$tool" "$bin/$tool" && continue
  missing+=("$tool $module $package $dir")
done <<<"$table"

n=0
for entry in "${missing[@]}"; do
  read -r tool module package dir <<<"$entry"
  n=$((n + 1))
  say "$tool ($n of ${#missing[@]}, ${SECONDS} s so far)"
  command -v go >/dev/null || die "Go is not on the PATH; it builds the tools (https://go.dev/dl)"
  mkdir -p "$dir"
  log=$dir/$tool.log
  started=$SECONDS
  (cd "$here/tools/$module" && CGO_ENABLED=0 exec go build -trimpath -ldflags "-s -w $(flags "$module")" \
    -o "$dir/$tool.new" "$package") >"$log" 2>&1 9>&- &
  build=$!
  while kill -0 "$build" 2>/dev/null; do
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      sleep 1
      kill -0 "$build" 2>/dev/null || break
    done
    kill -0 "$build" 2>/dev/null && say "  $tool: still building, $((SECONDS - started)) s"
  done
  wait "$build" || { tail -n 20 "$log" >&2; die "$tool did not build; whole log: $log"; }
  mv "$dir/$tool.new" "$dir/$tool"
  rm -f "$log"
  ln -sfn "$dir/$tool" "$bin/$tool"
  say "  $tool: $((SECONDS - started)) s"
done
[ $n -eq 0 ] || say "$n tools built in $SECONDS s"
echo "$bin"
