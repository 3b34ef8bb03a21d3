#!/bin/sh
# Runs as the first process of new namespaces: boot.sh FOLDER. Makes a copy of this machine's files that vanishes with the
# namespaces, and starts systemd there.
set -eu
mount --make-rprivate /
mount -t tmpfs -o size=6g,mode=755 tmpfs "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir before
pivot_root . before
umount -l /before
mount --make-rshared /
# Units that would touch the real machine, or wait for hardware.
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
    systemd-networkd.service systemd-resolved.service systemd-timesyncd.service systemd-modules-load.service \
    systemd-sysctl.service systemd-binfmt.service systemd-remount-fs.service systemd-logind.service getty.target \
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount rabbitmq-server.service epmd.service epmd.socket; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
rm -f /usr/sbin/policy-rc.d
: >/etc/fstab
ip link set lo up
exec env -i container=namespace PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=multi-user.target
