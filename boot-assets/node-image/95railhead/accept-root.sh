# Sourced by dracut-cmdline, which otherwise refuses a root= that names no device.
# shellcheck shell=sh disable=SC2034,SC2154
[ "$root" = railhead ] && rootok=1
