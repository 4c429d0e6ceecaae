#!/usr/bin/env bash
# rootfs.sh FOLDER [PROGRAM PLACE]: what every image holds (user 65532, CA certificates, /tmp), and a program with the
# shared libraries that it names.
set -euo pipefail
umask 022
root=$1
mkdir -p "$root"/{etc/ssl/certs,home/nonroot,tmp}
chmod 0755 "$root" "$root"/etc "$root"/etc/ssl "$root"/etc/ssl/certs "$root"/home "$root"/home/nonroot
chmod 1777 "$root/tmp"
printf '%s\n' 'root:x:0:0:root:/root:/sbin/nologin' 'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin' \
  'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nobody:x:65534:' 'nonroot:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
install -m 0644 "$(realpath /etc/ssl/certs/ca-certificates.crt)" "$root/etc/ssl/certs/ca-certificates.crt"
chmod 0644 "$root"/etc/{passwd,group,nsswitch.conf}
if [ $# -gt 1 ]; then
  install -D -m 0755 "$2" "$root$3"
  ldd "$2" | awk '/=> \// {print $3} $1 ~ /^\// {print $1}' | while read -r library; do
    install -D -m 0755 "$(realpath "$library")" "$root$library"
  done
fi
