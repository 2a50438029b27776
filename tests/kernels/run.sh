#!/usr/bin/env bash
# The jail's tests and one whole sample on an older kernel, in QEMU, with this machine's files below it, read only:
#
#   tests/kernels/run.sh [PACKAGE.deb]     default: the newest Linux 6.1 of Debian 12, fetched by apt
#
# Needs Debian or Ubuntu, root, qemu-system-x86 and busybox-static, and .venv of `make`. Where one is missing it says so
# and ends well. Works without acceleration (ACCEL=kvm uses it). What was seen goes into build/kernels/.
#   USER_ID=1000   as an ordinary user, who must be able to read .venv and its Python, instead of root
#   BAN=1          without user namespaces, as Ubuntu 24.04 has it
#   ONLY=text      just the jail's tests whose name holds it; SAMPLE= leaves out the sample
set -euo pipefail
cd "$(dirname "$0")/../.."
project=$PWD
python=${PYTHON:-$project/.venv/bin/python}
out=build/kernels
sample=${SAMPLE-solution}
slow=30 # times as long as elsewhere, without acceleration
skip() { echo "skipped: $*"; exit 0; }

command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64 (apt-get install qemu-system-x86)"
command -v busybox >/dev/null || skip "there is no busybox (apt-get install busybox-static)"
command -v dpkg-deb >/dev/null || skip "kernels are unpacked by dpkg-deb, which this system lacks"
[ "$(id -u)" = 0 ] || skip "only root may read all files of this machine, which the guest sees"
[ -x "$python" ] || skip "there is no $python (make .venv/installed)"
mkdir -p "$out"

package=${1:-}
if [ -z "$package" ]; then
    name=$(apt-cache search --names-only '^linux-image-6\.1\.0-[0-9]+-amd64-unsigned$' | sort -V | tail -1 | cut -d' ' -f1)
    [ -n "$name" ] || skip "apt knows no Linux 6.1 (Debian 12 has it); give its package as an argument"
    (cd "$out" && apt-get download "$name" >/dev/null) || skip "$name cannot be fetched"
    package=$(find "$out" -name "${name}_*.deb" | tail -1)
fi

guest=$(mktemp -d)
trap 'rm -rf "$guest"' EXIT
dpkg-deb -x "$package" "$guest/package"
kernel=$(find "$guest/package/boot" -name 'vmlinuz-*')
version=${kernel##*/vmlinuz-}

# The first files of the guest: a shell, the modules by which it sees this machine's files, and what to do.
mkdir -p "$guest/first/modules" "$guest/first/root"
cp "$(command -v busybox)" "$guest/first/busybox"
modules=(virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p)
for module in "${modules[@]}"; do # what is built into the kernel has no file
    find "$guest/package" -name "$module.ko*" -exec cp {} "$guest/first/modules/" \;
done
cat >"$guest/first/init" <<INIT
#!/busybox sh
say() { /busybox echo "\$@"; }
for module in ${modules[*]}; do
    for file in /modules/\$module.ko*; do [ -e "\$file" ] && /busybox insmod "\$file"; done
done
/busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=1048576,cache=loose host /root || say "no files"
/busybox mount -t proc proc /root/proc
/busybox mount -t sysfs sysfs /root/sys
/busybox mount -t securityfs securityfs /root/sys/kernel/security
/busybox mount -t devtmpfs devtmpfs /root/dev
/busybox mkdir -p /root/dev/shm
/busybox mount -t tmpfs tmpfs /root/dev/shm
/busybox mount -t tmpfs -o mode=1777 tmpfs /root/tmp
/busybox mount -t tmpfs tmpfs /root/run
/busybox ip link set lo up
/busybox echo "$(date -u '+%Y-%m-%d %H:%M:%S')" >/root/tmp/now
/busybox date -u -s "\$(/busybox cat /root/tmp/now)" >/dev/null
/busybox cp /inside.sh /grade.py /root/tmp/
/busybox cp /busybox /root/tmp/busybox
exec /busybox switch_root /root /bin/bash /tmp/inside.sh # not chroot: the kernel refuses user namespaces in one
INIT
cat >"$guest/first/grade.py" <<GRADE # with more time than a notebook has elsewhere
import sys
from dataclasses import asdict
from pathlib import Path
from rich.console import Console
sys.path.insert(0, "$project")
from autograder import batch
from autograder.sandbox.runner import DEFAULT_LIMITS, Limits
limits = Limits(**{name: value * $slow for name, value in asdict(DEFAULT_LIMITS).items()})
batch.grade_folder(Path("dist/samples"), Path("/tmp/book"), batch.Options(1, "$sample", limits=limits), Console())
GRADE
cat >"$guest/first/inside.sh" <<INSIDE
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp/home TMPDIR=/tmp XDG_CACHE_HOME=/tmp/cache MPLCONFIGDIR=/tmp/mpl
export KERAS_HOME='${KERAS_HOME:-$HOME/.keras}' PYTHONDONTWRITEBYTECODE=1 SLOW=$slow
mkdir -p /tmp/home /tmp/mpl
${BAN:+echo 0 >/proc/sys/user/max_user_namespaces}
cd '$project'
as() { ${USER_ID:+setpriv --reuid $USER_ID --regid $USER_ID --clear-groups} "\$@"; }
chown -R ${USER_ID:-0} /tmp/home /tmp/mpl
echo "KERNEL \$(uname -r), user \$(as id -u)${BAN:+, no user namespaces}"
as '$python' -c 'from autograder.sandbox import jail
for way in jail.ways(): print("WAY", way.thing, "->", way.by or "open")'
as '$python' -m pytest -q -rfEs -p no:cacheprovider -k '${ONLY:-}' tests/autograder/test_jail.py 2>&1 | tail -40
if [ -n '$sample' ]; then
    as '$python' /tmp/grade.py 2>&1 | tail -15
    head -3 /tmp/book/grades.csv
fi
/tmp/busybox poweroff -f
INSIDE
chmod 755 "$guest/first/init"
"$python" -c "from pathlib import Path; from autograder import samples; samples.write(Path('dist/samples'))"
(cd "$guest/first" && find . | cpio --quiet -o -H newc | gzip -1) >"$guest/initrd"

log=$out/$version${USER_ID:+-user}${BAN:+-banned}.log
timeout "${LIMIT:-7200}" qemu-system-x86_64 -accel "${ACCEL:-tcg,thread=multi}" -cpu max -smp 2 -m "${MEMORY:-6144}" \
    -nodefaults -no-reboot -display none -serial stdio \
    -kernel "$kernel" -initrd "$guest/initrd" -append "console=ttyS0 quiet panic=-1 rdinit=/init" \
    -virtfs local,path=/,mount_tag=host,readonly=on,security_model=none,multidevs=remap </dev/null | tee "$log"
grep -q 'passed' "$log"
! grep -q 'failed' "$log"
