#!/usr/bin/env bash
# image.sh OUT NAME ENTRYPOINT USER FOLDER LAYER…: writes an image (docker-archive) from layer tars, without a daemon.
# ENTRYPOINT is a JSON list, FOLDER the working directory. The same layers give the same bytes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"
[ $# -ge 6 ] || die "usage: image.sh OUT NAME ENTRYPOINT USER FOLDER LAYER…"
out=$1 name=$2 entrypoint=$3 user=$4 folder=$5
shift 5
case $(uname -m) in aarch64) architecture=arm64 ;; *) architecture=amd64 ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
diff_ids='' layers=''
for layer in "$@"; do
  sum=$(sha256sum "$layer" | cut -d' ' -f1)
  ln -sf "$(realpath "$layer")" "$work/$sum.tar"
  diff_ids+="${diff_ids:+,}\"sha256:$sum\""
  layers+="${layers:+,}\"$sum.tar\""
done
printf '{"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z","config":{"User":"%s","WorkingDir":"%s","Entrypoint":%s,"Env":["PATH=/usr/local/bin:/usr/bin:/bin","SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
  "$architecture" "$user" "$folder" "$entrypoint" "$diff_ids" >"$work/config.json"
config=$(sha256sum "$work/config.json" | cut -d' ' -f1).json
mv "$work/config.json" "$work/$config"
printf '[{"Config":"%s","RepoTags":["%s"],"Layers":[%s]}]' "$config" "$name" "$layers" >"$work/manifest.json"
mkdir -p "$(dirname "$out")"
tar --create --dereference --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --file "$out.new" --directory "$work" .
mv "$out.new" "$out"
