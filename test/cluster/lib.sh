# Sourced by the scripts beside it: where things lie, how they speak, how they wait.
# shellcheck shell=bash disable=SC2034
cache=$(realpath -m "${MARKETPRISM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/marketprism}")
state=$(realpath -m "${MARKETPRISM_STATE:-$cache/cluster}")
images=$cache/images
nodes="1 2"
umask 022

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The address of a node: its bridge, the gateway of its pods.
address() { echo "198.18.$(($1 - 1)).1"; }
bridge() { echo "mp$(($1 - 1))"; }
# kubectl against the local cluster, whatever KUBECONFIG says.
kube() { "$("$here/tools.sh" --bin)/kubectl" --kubeconfig "$state/admin.kubeconfig" "$@"; }

# await SECONDS WHAT COMMAND…: polls until the command succeeds.
await() {
  local seconds=$1 what=$2 end
  shift 2
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || die "$what: not within $seconds s; the logs are in $state/log"
    sleep 0.2
  done
}

# Runs a script under the lock that keeps two of them from changing the cluster at once.
lock_cluster() {
  mkdir -p "$cache"
  exec 9>"$cache/cluster.lock"
  flock -n 9 || { say "another script is changing the cluster, waiting for it"; flock 9; }
}

# Process ids of one component of this cluster: the program's own name, and this state folder on its command line.
pids_of() {
  local name=$1 file arguments program
  for file in /proc/[0-9]*/cmdline; do
    { mapfile -d '' -t arguments <"$file"; } 2>/dev/null || continue
    program=${arguments[0]:-}
    [ "${program##*/}" = bash ] && program=${arguments[1]:-}
    if [ "${program##*/}" = "$name" ] && [[ "${arguments[*]} " == *"$state/"* ]]; then
      file=${file#/proc/}
      echo "${file%/cmdline}"
    fi
  done
}

# Every long-running component, in the order in which they are stopped.
components="volumes-recycle.sh kubelet kube-proxy coredns kube-scheduler kube-controller-manager containerd kube-apiserver etcd"
expected() { case $1 in kubelet | containerd) echo 2 ;; *) echo 1 ;; esac; }

all_running() {
  local name
  for name in $components; do
    [ "$(pids_of "$name" | wc -l)" -eq "$(expected "$name")" ] || return 1
  done
}

both_ready() {
  [ "$(kube get nodes --request-timeout=5s \
    -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null | grep -c True)" -eq 2 ]
}
