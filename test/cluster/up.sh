#!/usr/bin/env bash
# Brings up a two-node Kubernetes on this machine; already up: says so. After a crash it starts afresh.
# CLUSTER=current: only checks that the kubeconfig's cluster answers.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
bin=$("$here/tools.sh" --bin)

if [ "${CLUSTER:-local}" = current ]; then
  PATH=$bin:$PATH
  kubectl get --raw /readyz --request-timeout=10s >/dev/null || die "the kubeconfig's cluster does not answer"
  say "CLUSTER=current: $(kubectl config current-context) answers"
  exit 0
fi
[ "$(id -u)" -eq 0 ] || die "a local cluster needs root (containers, bridges); CLUSTER=current uses the kubeconfig's cluster"
[ ${#state} -le 60 ] || die "the state folder's path is too long for Unix sockets, set MARKETPRISM_STATE to a shorter one"
for tool in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl etcd coredns nats-server; do
  [ -x "$bin/$tool" ] || die "$tool is not built yet; run test/cluster/tools.sh"
done

lock_cluster
if all_running && both_ready; then
  say "the cluster is already up: eval \"\$(test/cluster/env.sh)\""
  exit 0
fi
"$here/clean.sh" 9>&-
for name in kubelet kube-proxy; do
  ! pgrep -x "$name" >/dev/null || die "another Kubernetes runs on this machine ($name); CLUSTER=current uses it"
done

mkdir -p "$state"/{pki,log,etcd,config}
chmod 0700 "$state" "$state"/{pki,etcd}
cd "$state"
trap '[ $? -eq 0 ] || say "not up; the logs are in $state/log, the next run cleans up by itself"' EXIT

start() {
  local name=$1
  shift
  setsid "$@" >"log/$name.log" 2>&1 </dev/null 9>&- &
}

# 1. Certificates and kubeconfigs.
key() { openssl ecparam -name prime256v1 -genkey -noout -out "pki/$1.key"; }
certificate() { # NAME SUBJECT [ALTERNATIVE-NAMES]
  key "$1"
  openssl req -new -key "pki/$1.key" -subj "$2" -out "pki/$1.csr"
  openssl x509 -req -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 3650 -out "pki/$1.crt" \
    -extfile <(echo "subjectAltName=${3:-DNS:$1}") 2>/dev/null
}
kubeconfig() { # NAME SUBJECT
  certificate "$1" "$2"
  cat >"$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{ name: marketprism, cluster: { server: "https://198.18.0.1:16443", certificate-authority: $state/pki/ca.crt } }]
users: [{ name: $1, user: { client-certificate: $state/pki/$1.crt, client-key: $state/pki/$1.key } }]
contexts: [{ name: marketprism, context: { cluster: marketprism, user: $1 } }]
current-context: marketprism
YAML
}
key ca
openssl req -x509 -new -key pki/ca.key -days 3650 -subj "/CN=marketprism-local" -out pki/ca.crt
key service-account
openssl ec -in pki/service-account.key -pubout -out pki/service-account.pub 2>/dev/null
certificate apiserver "/CN=kube-apiserver" \
  "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:198.18.0.1,IP:198.19.0.1"
certificate apiserver-kubelet-client "/O=system:masters/CN=kube-apiserver-kubelet-client"
kubeconfig admin "/O=system:masters/CN=admin"
kubeconfig kube-controller-manager "/CN=system:kube-controller-manager"
kubeconfig kube-scheduler "/CN=system:kube-scheduler"
kubeconfig kube-proxy "/CN=system:kube-proxy"
for n in $nodes; do
  kubeconfig "node$n" "/O=system:nodes/CN=system:node:node$n"
  certificate "kubelet$n" "/CN=node$n" "DNS:node$n,IP:$(address "$n")"
done

# 2. Network: a bridge a node; services are routed to the first one, where kube-proxy's rules send them to a pod.
cat /proc/sys/net/ipv4/ip_forward >ip_forward
echo 1 >/proc/sys/net/ipv4/ip_forward
for n in $nodes; do
  ip link add "$(bridge "$n")" type bridge
  ip address add "$(address "$n")/24" dev "$(bridge "$n")"
  ip link set "$(bridge "$n")" up
done
ip route replace 198.19.0.0/16 dev mp0 src 198.18.0.1
iptables -I FORWARD -i mp+ -m comment --comment marketprism -j ACCEPT
iptables -I FORWARD -o mp+ -m comment --comment marketprism -j ACCEPT
# Without br_netfilter the answer of a pod on the same bridge would not pass kube-proxy's translation.
masquerade=true
if [ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null)" = 1 ]; then masquerade=false; fi

# 3. Two nodes: containerd, its images (loaded while the control plane starts), the kubelets' configuration.
cni_bin=/usr/lib/cni
[ -x $cni_bin/bridge ] || cni_bin=/opt/cni/bin
cgroup() { # makes the cgroup of a node in every hierarchy
  local mount
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    sed 's/^/+/; s/ / +/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
    mkdir "/sys/fs/cgroup/$1"
  else
    while read -r mount; do
      mkdir "$mount/$1"
      [ ! -e "$mount/cpuset.cpus" ] || {
        cat "$mount/cpuset.cpus" >"$mount/$1/cpuset.cpus"
        cat "$mount/cpuset.mems" >"$mount/$1/cpuset.mems"
      }
    done < <(awk '$3 == "cgroup" {print $2}' /proc/self/mounts)
  fi
}
for n in $nodes; do
  node=$state/node$n
  mkdir -p "$node"/{cni,containerd,kubelet,logs}
  cgroup "marketprism-node$n"
  cat >"$node/cni/10-pods.conflist" <<JSON
{ "cniVersion": "1.0.0", "name": "marketprism-node$n", "plugins": [{
  "type": "bridge", "bridge": "$(bridge "$n")", "isGateway": true, "hairpinMode": true, "ipMasq": false,
  "ipam": { "type": "host-local", "dataDir": "$node/cni/addresses",
    "ranges": [[{ "subnet": "198.18.$((n - 1)).0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } }] }
JSON
  cat >"$node/containerd.toml" <<TOML
version = 2
root = "$node/containerd/root"
state = "$node/containerd/state"
[grpc]
  address = "$node/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$node/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = "docker.io/marketprism/pause:1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni_bin"
    conf_dir = "$node/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "runc"
      Root = "$node/runc"
TOML
  cat >"$node/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: $state/pki/ca.crt } }
authorization: { mode: Webhook }
tlsCertFile: $state/pki/kubelet$n.crt
tlsPrivateKeyFile: $state/pki/kubelet$n.key
address: $(address "$n")
port: 10250
healthzPort: 0
containerRuntimeEndpoint: unix://$node/containerd.sock
podLogsDir: $node/logs
volumePluginDir: $node/kubelet/volume-plugins
cgroupDriver: cgroupfs
cgroupRoot: /marketprism-node$n
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false
oomScoreAdj: 0
clusterDNS: [198.18.0.1]
clusterDomain: cluster.local
evictionHard: {}
imageGCHighThresholdPercent: 100
YAML
  start "containerd$n" containerd --config "$node/containerd.toml"
done
"$here/images.sh" 9>&-
for n in $nodes; do
  await 60 "containerd of node$n answers" ctr --address "$state/node$n/containerd.sock" version
done
"$here/load.sh" "$images"/*.tar 9>&- &
loading=$!

# 4. Control plane.
start etcd "$bin/etcd" --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
  --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 \
  --listen-peer-urls http://127.0.0.1:12380 --initial-advertise-peer-urls http://127.0.0.1:12380 \
  --initial-cluster default=http://127.0.0.1:12380
start kube-apiserver "$bin/kube-apiserver" --etcd-servers http://127.0.0.1:12379 \
  --bind-address 198.18.0.1 --advertise-address 198.18.0.1 --secure-port 16443 \
  --cert-dir "$state/pki" --tls-cert-file "$state/pki/apiserver.crt" --tls-private-key-file "$state/pki/apiserver.key" \
  --client-ca-file "$state/pki/ca.crt" --kubelet-certificate-authority "$state/pki/ca.crt" \
  --kubelet-client-certificate "$state/pki/apiserver-kubelet-client.crt" \
  --kubelet-client-key "$state/pki/apiserver-kubelet-client.key" --kubelet-preferred-address-types InternalIP \
  --service-account-key-file "$state/pki/service-account.pub" \
  --service-account-signing-key-file "$state/pki/service-account.key" \
  --service-account-issuer https://kubernetes.default.svc.cluster.local \
  --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
  --service-cluster-ip-range 198.19.0.0/16 --allow-privileged=true
await 120 "the API server is ready" kube get --raw /readyz
start kube-controller-manager "$bin/kube-controller-manager" --kubeconfig "$state/kube-controller-manager.kubeconfig" \
  --leader-elect=false --bind-address 127.0.0.1 --secure-port 16257 --cert-dir "$state/pki/kube-controller-manager" \
  --root-ca-file "$state/pki/ca.crt" --service-account-private-key-file "$state/pki/service-account.key" \
  --use-service-account-credentials=true --flex-volume-plugin-dir "$state/config/volume-plugins"
start kube-scheduler "$bin/kube-scheduler" --kubeconfig "$state/kube-scheduler.kubeconfig" \
  --leader-elect=false --bind-address 127.0.0.1 --secure-port 16259 --cert-dir "$state/pki/kube-scheduler"

# 5. DNS for cluster.local on the first bridge; any other name does not exist, nothing leaves this machine.
cat >config/Corefile <<COREFILE
cluster.local in-addr.arpa ip6.arpa {
  bind 198.18.0.1
  errors
  ready 198.18.0.1:8181
  kubernetes {
    kubeconfig $state/admin.kubeconfig
  }
  cache 5 {
    denial 100 1 1
  }
}
. {
  bind 198.18.0.1
  errors
  template ANY ANY {
    rcode NXDOMAIN
  }
}
COREFILE
start coredns "$bin/coredns" -conf "$state/config/Corefile"

# 6. Kubelets.
wait "$loading" || die "the images could not be loaded"
for n in $nodes; do
  start "kubelet$n" "$bin/kubelet" --config "$state/node$n/kubelet.yaml" --kubeconfig "$state/node$n.kubeconfig" \
    --hostname-override "node$n" --node-ip "$(address "$n")" --root-dir "$state/node$n/kubelet"
done

# 7. Services. NodePorts answer on the bridges only.
cat >config/kube-proxy.yaml <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: node1
clientConnection: { kubeconfig: $state/kube-proxy.kubeconfig }
clusterCIDR: 198.18.0.0/16
nodePortAddresses: [198.18.0.0/16]
iptables: { localhostNodePorts: false, masqueradeAll: $masquerade }
conntrack: { maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
healthzBindAddress: 127.0.0.1:16256
metricsBindAddress: 127.0.0.1:16249
YAML
registered() { kube get node node1 node2; }
await 120 "both nodes are registered" registered
start kube-proxy "$bin/kube-proxy" --config "$state/config/kube-proxy.yaml"

# 8. Volumes: a default class without provisioner, a volume a node, offered again when its claim is gone.
kube apply -f - >/dev/null <<YAML
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: local, annotations: { storageclass.kubernetes.io/is-default-class: "true" } }
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
YAML
"$here/volumes.sh"
start volumes-recycle "$here/volumes-recycle.sh" "$state/"

dns_ready() { exec 3<>/dev/tcp/198.18.0.1/8181 && printf 'GET /ready HTTP/1.0\r\n\r\n' >&3 && grep -q ' 200 ' <&3; }
services_ready() { exec 3<>/dev/tcp/198.19.0.1/443; }
await 120 "both nodes are Ready" both_ready
await 60 "DNS answers" bash -c "$(declare -f dns_ready); dns_ready"
await 60 "the service address of the API answers" timeout 2 bash -c "$(declare -f services_ready); services_ready"
await 60 "the default service account exists" kube get serviceaccount default
await 10 "all components run" all_running
say "the cluster is up ($SECONDS s): eval \"\$(test/cluster/env.sh)\""
