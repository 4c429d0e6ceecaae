#!/usr/bin/env bash
# Removes every trace of the local cluster, whatever state a crash left it in: processes, pods, mounts, bridges,
# cgroups, iptables rules, files. Only processes that up.sh started: found by program name and state folder, and,
# for what runs in pods, by the cgroups that up.sh made. Called by up.sh and down.sh, which hold the lock.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
PATH=$PATH:/usr/sbin:/sbin

# stop NAME…: asks, waits up to 5 s, kills.
stop() {
  local name pid found
  found=$(for name in "$@"; do pids_of "$name"; done)
  for pid in $found; do kill "$pid" 2>/dev/null || true; done
  for _ in {1..50}; do
    found=$(for name in "$@"; do pids_of "$name"; done)
    [ -n "$found" ] || return 0
    sleep 0.1
  done
  for pid in $found; do kill -9 "$pid" 2>/dev/null || true; done
}

cgroup_folders() {
  local mount n
  while read -r mount; do
    for n in $nodes; do [ ! -d "$mount/marketprism-node$n" ] || echo "$mount/marketprism-node$n"; done
  done < <(awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/self/mounts)
}

# 1. What would start things again, then the pods, then what is under them.
stop volumes-recycle.sh kubelet kube-proxy coredns kube-scheduler kube-controller-manager
for _ in {1..50}; do
  pids=$(cgroup_folders | while read -r folder; do find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null || true; done | sort -u)
  [ -n "$pids" ] || break
  for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
  sleep 0.1
done
stop containerd containerd-shim-runc-v2
stop kube-apiserver etcd
# A shim that was killed leaves its socket, a kubelet the one for device plugins; nobody listens on them any more.
for socket in /run/containerd/s/* /var/lib/kubelet/device-plugins/kubelet.sock; do
  [ ! -S "$socket" ] || grep -qF "$socket" /proc/net/unix || rm -f "$socket"
done
rmdir /var/lib/kubelet/device-plugins /var/lib/kubelet 2>/dev/null || true

# 2. Mounts, the innermost first.
awk -v s="$state/" 'index($5, s) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r mount; do
  umount "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null || true
done

# 3. Network.
for n in $nodes; do ip link delete "$(bridge "$n")" 2>/dev/null || true; done
for tables in iptables ip6tables; do
  command -v "$tables" >/dev/null || continue
  for table in nat filter mangle; do
    rules=$("$tables" -t "$table" -S 2>/dev/null | grep -E '^-A .*(-j KUBE-|marketprism)|^-N KUBE-' || true)
    [ -n "$rules" ] || continue
    {
      echo "*$table"
      { grep -E '^-A' <<<"$rules" || true; } | { grep -v '^-A KUBE-' || true; } | sed 's/^-A/-D/'
      { grep '^-N' <<<"$rules" || true; } | sed 's/^-N/-F/'
      { grep '^-N' <<<"$rules" || true; } | sed 's/^-N/-X/'
      echo COMMIT
    } | "$tables-restore" --noflush
  done
done
for result in /var/lib/cni/results/marketprism-node*-eth0 /var/lib/cni/cache/results/marketprism-node*-eth0; do
  [ -e "$result" ] || continue
  id=${result##*/marketprism-node?-}
  rm -f "$result" "${result%/*}/cni-loopback-${id%-eth0}-lo"
done
if [ -e "$state/ip_forward" ]; then cat "$state/ip_forward" >/proc/sys/net/ipv4/ip_forward; fi

# 4. Cgroups; the kernel lets go of them a moment after their last process.
for _ in {1..50}; do
  folders=$(cgroup_folders)
  [ -n "$folders" ] || break
  while read -r folder; do find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true; done <<<"$folders"
  [ -z "$(cgroup_folders)" ] || sleep 0.1
done

# 5. Files: the kubelets' symbolic links to the pods' logs, then the state folder, unless something is still mounted in it.
find /var/log/containers -maxdepth 1 -type l -lname "$state/*" -delete 2>/dev/null || true
if awk -v s="$state/" 'index($5, s) == 1 {exit 1}' /proc/self/mountinfo; then
  rm -rf "$state"
else
  die "still mounted below $state: $(awk -v s="$state/" 'index($5, s) == 1 {print $5}' /proc/self/mountinfo | xargs)"
fi
