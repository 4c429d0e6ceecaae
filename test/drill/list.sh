#!/usr/bin/env bash
# Lists the drills: a file each, its first line says what it proves.
cd "$(dirname "$0")" || exit 1
echo "drills (make drill D=<name>):"
for file in *.ts; do printf '  %-16s %s\n' "${file%.ts}" "$(head -1 "$file" | sed 's|^// *||')"; done
