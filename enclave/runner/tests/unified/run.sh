#!/bin/sh
# Runs this crate's container tests on pure control groups version 2, in a guest whose kernel refuses version 1: the
# kind of machine an enclave is. No network, no disk; the guest is one initramfs.
#
# usage: run.sh KERNEL OVERLAY_MODULE STATIC_BUSYBOX
#   Debian: vmlinuz and overlay.ko of linux-image-*-cloud-amd64-unsigned, busybox of busybox-static.
# needs: cargo, cc -static, gzip, and qemu-system-x86_64 (or QEMU="…")
set -eu
[ $# -eq 3 ] || { sed -n '5,7s/^# //p' "$0" >&2; exit 2; }
kernel=$1 module=$2 busybox=$3
crate=$(cd "$(dirname "$0")/../.." && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage/root
mkdir -p "$root/bin" "$root/tests" "$root/newroot" "$root/proc" "$root/sys" "$root/dev" "$root/tmp"

# The guest has no compiler and no libraries: those of the programs come along, each at its own path.
take() {
    mkdir -p "$root$(dirname "$1")"
    cp -L "$1" "$root$1"
}
programs=$(cd "$crate" && cargo test -p orv-runner --tests --no-run 2>&1 | sed -n 's/.*tests\/.*(\(.*\))$/\1/p')
for program in $programs; do
    case $program in /*) ;; *) program=$(cd "$crate/../.." && pwd)/$program ;; esac
    name=$(basename "$program")
    cp "$program" "$root/tests/${name%-*}"
    strip "$root/tests/${name%-*}"
    for library in $(ldd "$program" | grep -o '/[^ ]*'); do take "$library"; done
    helper=$(dirname "$program")/../orv-container
done
take "$(realpath "$helper")"
cc -static -O1 -o "$root/probe" "$crate/tests/support/probe.c"
cp "$module" "$root/overlay.ko"
cp "$busybox" "$root/bin/busybox"
for name in sh mount umount insmod cp mkdir poweroff switch_root true ls; do ln -s busybox "$root/bin/$name"; done

cat > "$root/init" <<'GUEST'
#!/bin/sh
export PATH=/bin
if [ ! -e /switched ]; then
    # The kernel does not pivot away from an initramfs, so the root must be another file system first.
    mount -t tmpfs -o size=80% tmpfs /newroot
    for entry in /*; do [ "$entry" = /newroot ] || cp -a "$entry" /newroot/; done
    : > /newroot/switched
    exec switch_root /newroot /init
fi
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 none /sys/fs/cgroup
insmod /overlay.ko
export ORV_PROBE=/probe
passed=yes
for test in /tests/*; do
    echo "== $test"
    "$test" --test-threads=2 || passed=no
done
echo "unified: passed=$passed"
poweroff -f
GUEST
chmod +x "$root/init"
(cd "$root" && find . | "$busybox" cpio -o -H newc 2>/dev/null | gzip -1) > "$stage/initrd.gz"

# shellcheck disable=SC2086
${QEMU:-qemu-system-x86_64} -M q35 -accel tcg -cpu max -m 2048 -smp 2 -nographic -no-reboot -nic none \
    -kernel "$kernel" -initrd "$stage/initrd.gz" -append 'console=ttyS0 panic=-1 quiet cgroup_no_v1=all' \
    < /dev/null | tee "$stage/log"
grep -q 'unified: passed=yes' "$stage/log"
