#!/bin/bash
# shellcheck disable=SC2154 # moddir, initdir and systemdsystemunitdir are dracut's
# dracut module 95railhead: what Debian's Ignition needs around it to bring up a machine that has no disk.
# Its root is a read-only squashfs (in the initrd, or fetched) under a tmpfs overlay.

check() { return 255; } # only on request

depends() { echo systemd-initrd systemd-networkd ignition; }

installkernel() {
    hostonly='' instmods squashfs loop overlay virtio_pci virtio_net virtio_blk virtio_scsi virtio_rng sd_mod nvme
}

install() {
    local units=$systemdsystemunitdir

    inst_multiple blkid cat curl date mkdir mkfs.ext4 modprobe mount rm sed sgdisk sha512sum tr udevadm umount

    inst_script "$moddir/root-image" /usr/lib/railhead/root-image
    inst_simple "$moddir/railhead-root-image.service" "$units/railhead-root-image.service"
    # In /etc, because systemd-fstab-generator writes a sysroot.mount of its own for root=.
    inst_simple "$moddir/sysroot.mount" /etc/systemd/system/sysroot.mount

    inst_simple "$moddir/railhead.network" /etc/systemd/network/10-railhead.network
    inst_simple "$moddir/wait-online.conf" "$units/systemd-networkd-wait-online.service.d/10-railhead.conf"
    inst_script "$moddir/resolver" /usr/lib/railhead/resolver
    inst_simple "$moddir/ignition-fetch.conf" "$units/ignition-fetch.service.d/10-railhead.conf"
    inst_script "$moddir/is-live-image" /usr/bin/is-live-image
    inst_script "$moddir/setfiles" /usr/sbin/setfiles

    inst_script "$moddir/report-failure" /usr/lib/railhead/report-failure
    inst_simple "$moddir/railhead-report-failure.service" "$units/railhead-report-failure.service"
    mkdir -p "$initdir$units/emergency.target.wants"
    ln_r "$units/railhead-report-failure.service" "$units/emergency.target.wants/railhead-report-failure.service"

    inst_hook cmdline 20 "$moddir/accept-root.sh"
}
