#!/bin/bash
# shellcheck disable=SC2154 # moddir, initdir, dracutsysrootdir, systemdutildir, systemdsystemunitdir are dracut's
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
    # In /etc, which comes before the sysroot.mount that systemd-fstab-generator makes of root=railhead.
    inst_simple "$moddir/sysroot.mount" /etc/systemd/system/sysroot.mount
    # Without it Ignition would write into the initrd's own empty /sysroot.
    mkdir -p "$initdir$units/initrd-root-fs.target.requires"
    ln_r /etc/systemd/system/sysroot.mount "$units/initrd-root-fs.target.requires/sysroot.mount"

    inst_simple "$moddir/udev-trigger.conf" "$units/systemd-udev-trigger.service.d/10-railhead.conf"
    inst_simple "$moddir/railhead.network" /etc/systemd/network/10-railhead.network
    inst_simple "$moddir/wait-online.conf" "$units/systemd-networkd-wait-online.service.d/10-railhead.conf"
    inst_script "$moddir/resolver" /usr/lib/railhead/resolver
    inst_simple "$moddir/ignition-fetch.conf" "$units/ignition-fetch.service.d/10-railhead.conf"
    inst_script "$moddir/is-live-image" /usr/bin/is-live-image
    inst_script "$moddir/setfiles" /usr/sbin/setfiles

    inst_script "$moddir/report-failure" /usr/lib/railhead/report-failure
    inst_script "$moddir/emergency" /usr/lib/railhead/emergency
    inst_simple "$moddir/emergency.service" "$units/emergency.service"

    # The root's users and groups, so that systemd-sysusers need not make them at every boot (0.7 s under TCG).
    # dracut's base module adds nobody.
    grep -v '^nobody:' "$dracutsysrootdir/etc/passwd" >"$initdir/etc/passwd"
    cp "$dracutsysrootdir/etc/group" "$initdir/etc/group"
    rm -f "$initdir$units/systemd-sysusers.service" "$initdir$units"/*.wants/systemd-sysusers.service
    # There is no root disk whose partitions could be mounted.
    rm -f "$initdir$systemdutildir/system-generators/systemd-gpt-auto-generator"
}
