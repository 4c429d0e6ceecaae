#!/usr/bin/env bash
# The application image as a tar, without a Docker daemon, with the content that the Dockerfile gives; loaded into the
# local cluster when that is up. Three layers: Node and its libraries, node_modules, the application.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
cd "$here/../.."
field() { sed -n "s/^  \"$1\": \"\(.*\)\",\$/\1/p" package.json; }
name=ghcr.io/marketprism/marketprism:$(field version)
out=$images/marketprism.tar
mkdir -p "$cache"
exec 8>"$cache/image.lock"
flock 8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Layers 1 and 2 change with the lock file (or these scripts) only. The packages are copied from node_modules, which
# holds what the lock file says: no registry is asked.
sum=$(cat package-lock.json node_modules/.package-lock.json "$here"/{rootfs,layer,make-image}.sh <(uname -m) | sha256sum | cut -c1-12)
layers=$cache/layers/$sum
if [ ! -e "$layers/node_modules.tar" ]; then
  say "packing Node and the production packages (once a lock file)"
  rm -rf "$cache/layers"
  mkdir -p "$layers" "$work"/{modules/app,node}
  "$here/rootfs.sh" "$work/node" "$(echo node_modules/node-linux-*/bin/node)" /usr/local/bin/node
  "$here/layer.sh" "$layers/node.tar" "$work/node"
  node -p 'Object.entries(require("./package-lock.json").packages)
    .filter(([path, p]) => path !== "" && !p.dev && !p.devOptional && !path.startsWith("node_modules/node-linux-"))
    .map(([path]) => path).filter((path) => !path.includes("/node_modules/") && require("fs").existsSync(path)).join("\n")' |
    tar --create --files-from - | tar --extract --directory "$work/modules/app"
  chmod -R u=rwX,go=rX "$work/modules"
  "$here/layer.sh" "$layers/node_modules.tar" "$work/modules"
fi

npm run --silent build
mkdir -p "$work/app/app"
cp -R package.json dist bin crds "$work/app/app/"
chmod -R u=rwX,go=rX "$work/app"
"$here/layer.sh" "$work/app.tar" "$work/app"
"$here/image.sh" "$out" "$name" '["/usr/local/bin/node","/app/bin/marketprism.js"]' 65532 /app \
  "$layers/node.tar" "$layers/node_modules.tar" "$work/app.tar"
say "$name: $out"
if [ "${CLUSTER:-local}" = current ]; then
  say "CLUSTER=current: push it where that cluster pulls from"
elif all_running; then
  "$here/load.sh" "$out"
  say "loaded into both nodes"
fi
