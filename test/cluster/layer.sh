#!/usr/bin/env bash
# layer.sh OUT FOLDER: a folder as a layer tar, the same bytes for the same content.
set -euo pipefail
tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --file "$1.new" --directory "$2" .
mv "$1.new" "$1"
