#!/usr/bin/env bash
# Makes the images that the local cluster itself needs, once: pause (from busybox-static) and nats-server.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
nats=$(realpath "$("$here/tools.sh" --bin)/nats-server")
nats_version=$(sed -n 's|.*nats-server/v2 v\([0-9.]*\).*|\1|p' "$here/tools/nats-server/go.mod")
made=$(cat "$here/image.sh" "$here/images.sh" "$here/rootfs.sh" <(echo "$nats") /bin/busybox | sha256sum)
[ "$made" != "$(cat "$images/made" 2>/dev/null)" ] || exit 0

say "making the images pause and nats-server"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$images" "$work"/{pause,nats}

"$here/rootfs.sh" "$work/pause"
mkdir -p "$work/pause/bin"
install -m 0755 /bin/busybox "$work/pause/bin/busybox"
for applet in sh sleep nslookup cat ls touch id; do ln -s busybox "$work/pause/bin/$applet"; done
"$here/layer.sh" "$work/pause.tar" "$work/pause"
"$here/image.sh" "$images/pause.tar" docker.io/marketprism/pause:1 '["/bin/sleep","2147483647"]' 65532 / "$work/pause.tar"

"$here/rootfs.sh" "$work/nats"
install -D -m 0755 "$nats" "$work/nats/usr/local/bin/nats-server"
"$here/layer.sh" "$work/nats.tar" "$work/nats"
"$here/image.sh" "$images/nats-server.tar" "docker.io/marketprism/nats-server:$nats_version" \
  '["/usr/local/bin/nats-server"]' 65532 / "$work/nats.tar"
echo "$made" >"$images/made"
