#!/usr/bin/env bash
# Makes the system of browser sessions' machines out of Debian's packages, into the user's cache: a kernel, an initramfs with a page viewer on all of
# the screen, an empty disk, the program of the guest's proxy, and the state of a machine whose browser waits, from which others start. Prints the folder.
#
#   npm run browser-image                    with the versions of packages.txt
#   npm run browser-image -- --update        with today's versions, which it writes there
#
# Wants apt-get (the packages are fetched, not installed), busybox, qemu-system-x86_64, qemu-img and socat. No root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${CDK_NOMAD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk-nomad}/browser
# The memory of a machine that starts from the state has to be that of the machine that left it.
memory=${BROWSER_MEMORY:-256}

: "${BROWSER_ARGUMENTS:?is set by npm run browser-image}" "${BROWSER_PROXY:?is set by npm run browser-image}" "${BROWSER_EGRESS:?is set by npm run browser-image}"

fail() { printf 'browser-image: %s\n' "$1" >&2; exit 1; }
note() { printf '  %s\n' "$1" >&2; }
for program in apt-get dpkg-deb busybox qemu-system-x86_64 qemu-img socat; do
  command -v "$program" >/dev/null || fail "there is no $program; on Debian: apt-get install busybox-static qemu-system-x86 qemu-utils socat"
done
[ "$(uname -m)" = x86_64 ] || fail "the packages are those of x86_64"

if [ "${1:-}" = --update ]; then
  sed 's/=.*//' "$here/packages.txt" | while read -r name; do
    version=$(apt-cache policy "$name" | sed -n 's/^ *Candidate: //p')
    [ -n "$version" ] || fail "apt knows no $name; run apt-get update"
    printf '%s=%s\n' "$name" "$version"
  done > "$here/packages.txt.new"
  mv "$here/packages.txt.new" "$here/packages.txt"
fi

# A folder's name says what is in it, so that a machine never starts from the state of another system. The proxy's program is no part of that state.
mark=$(cd "$here" && { cat build.sh packages.txt guest/*; printf '%s\n' "$BROWSER_ARGUMENTS" "$BROWSER_PROXY"; } | sha256sum | cut -c1-12)
accelerator=${BROWSER_ACCELERATOR:-}
folder=$cache/$mark-$memory
finish() { # the system and the program, in the folder that is printed
  local whole made
  whole=$folder-$(sha256sum < "$BROWSER_EGRESS" | cut -c1-8)
  if [ ! -e "$whole" ]; then
    made=$whole.$$
    mkdir "$made"
    cp -l "$folder"/* "$made/"
    install -m 644 "$BROWSER_EGRESS" "$made/${BROWSER_EGRESS##*/}"
    # Somebody else may have made it meanwhile.
    mv -T "$made" "$whole" 2>/dev/null || rm -rf "$made"
  fi
  printf '%s\n' "$whole"
}
if [ -e "$folder/complete" ]; then finish; exit 0; fi
mkdir -p "$folder"
work=$(mktemp -d)
machine=
trap '[ -z "$machine" ] || kill "$machine" 2>/dev/null || true; rm -rf "$work"' EXIT

debs=$cache/packages
mkdir -p "$debs" "$work/stage"
note "fetching $(wc -l < "$here/packages.txt") packages of Debian"
missing=()
while read -r pin; do
  name=${pin%%=*} version=${pin#*=}
  file=("$debs/${name}_${version//:/%3a}"_*.deb)
  [ -e "${file[0]}" ] || missing+=("$pin")
done < "$here/packages.txt"
if [ ${#missing[@]} -gt 0 ]; then
  (cd "$debs" && apt-get -q -o APT::Sandbox::User=root download "${missing[@]}" >"$work/apt.log" 2>&1) || {
    tail -3 "$work/apt.log" >&2
    fail "apt has not these versions (any more): run apt-get update, or npm run browser-image -- --update for today's"
  }
fi
while read -r pin; do
  name=${pin%%=*} version=${pin#*=}
  dpkg-deb -x "$debs/${name}_${version//:/%3a}"_*.deb "$work/stage"
done < "$here/packages.txt"

stage=$work/stage root=$work/root libraries=usr/lib/x86_64-linux-gnu
note "laying out the system"
mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,modules,lib64,etc/acpi/PWRF,etc/ssl/certs,usr/bin,usr/lib/xorg,var/lib/xkb,"$libraries/gconv"}
ln -s usr/lib/x86_64-linux-gnu "$root/lib"
ln -s bin "$root/sbin"
cp "$stage/bin/busybox" "$root/bin/busybox"
for applet in $("$stage/bin/busybox" --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
install -m 755 "$here/guest/init" "$root/init"
install -m 755 "$here/guest/callback" "$here/guest/browser" "$root/bin/"
install -m 644 "$here/guest/xorg.conf" "$root/etc/"
printf '#!/bin/sh\npoweroff -f\n' > "$root/etc/acpi/PWRF/00000080"
chmod 755 "$root/etc/acpi/PWRF/00000080"
printf 'root:x:0:0::/tmp:/bin/sh\nbrowser:x:1000:1000::/tmp/browser:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\nbrowser:x:1000:\n' > "$root/etc/group"
printf '127.0.0.1 localhost browser\n' > "$root/etc/hosts"
printf 'hosts: files\n' > "$root/etc/nsswitch.conf"
printf '%s\n' "$BROWSER_PROXY" > "$root/etc/proxy"
cat "$stage"/usr/share/ca-certificates/mozilla/*.crt > "$root/etc/ssl/certs/ca-certificates.crt"

# In the order in which they are loaded.
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net virtio_console evdev virtio_input button; do
  cp "$(find "$stage/lib/modules" -name "$module.ko")" "$root/modules/"
  echo "$module.ko" >> "$root/modules/order"
done

loader=$stage/lib64/ld-linux-x86-64.so.2
search=$stage/lib/x86_64-linux-gnu:$stage/$libraries:$stage/$libraries/pulseaudio
cp -L "$loader" "$root/lib64/"
with_libraries() { # a program or a library, and all that it loads
  local program=$1
  mkdir -p "$root/$(dirname "$program")"
  cp -L "$stage/$program" "$root/$program"
  "$loader" --library-path "$search" --list "$stage/$program" > "$work/loads" 2>&1 || true
  ! grep -q 'not found' "$work/loads" || fail "$program wants $(grep -m1 'not found' "$work/loads"); add its package to packages.txt"
  awk '$2 == "=>" { print $3 }' "$work/loads" | while read -r library; do
    case $library in
      "$stage"/*) [ -e "$root/$libraries/${library##*/}" ] || cp -L "$library" "$root/$libraries/" ;;
      /*) fail "$program takes $library of this machine; add its package to packages.txt" ;;
    esac
  done
}
with_libraries usr/bin/netsurf-fb
with_libraries usr/bin/xkbcomp
with_libraries usr/lib/xorg/Xorg
for module in drivers/fbdev_drv.so input/evdev_drv.so libfbdevhw.so libshadow.so libshadowfb.so; do with_libraries "usr/lib/xorg/modules/$module"; done
# SDL opens these by their names.
for library in libX11.so.6 libXext.so.6 libXrandr.so.2 libXrender.so.1; do with_libraries "$libraries/$library"; done
for library in libnss_files.so.2 libgcc_s.so.1; do cp -L "$stage/lib/x86_64-linux-gnu/$library" "$root/$libraries/"; done
for set in gconv-modules UTF-16.so UTF-32.so UTF-7.so UNICODE.so ISO8859-1.so ISO8859-2.so ISO8859-15.so CP1250.so CP1251.so CP1252.so KOI8-R.so; do
  cp -L "$stage/$libraries/gconv/$set" "$root/$libraries/gconv/"
done
mkdir -p "$root/usr/share/X11" "$root/usr/share/fonts/truetype"
cp -rL "$stage/usr/share/X11/xkb" "$root/usr/share/X11/" 2>/dev/null || [ -d "$root/usr/share/X11/xkb/rules" ]
cp -r "$stage/usr/share/fonts/truetype/dejavu" "$root/usr/share/fonts/truetype/"
cp -rL "$stage/usr/share/netsurf" "$root/usr/share/" 2>/dev/null || [ -e "$root/usr/share/netsurf/Messages" ]

# Not compressed: an emulated processor unpacks it more slowly than it is read.
(cd "$root" && find . | LC_ALL=C sort | busybox cpio -o -H newc -R 0:0 2>/dev/null) > "$folder/initrd"
cp "$stage"/boot/vmlinuz-* "$folder/vmlinuz"
rm -f "$folder/disk.qcow2"
qemu-img create -q -f qcow2 "$folder/disk.qcow2" 16M

# Starts a machine as Nomad's driver does, with the arguments of the job.
start() { # accelerator
  cp "$folder/disk.qcow2" "$work/disk.qcow2"
  local arguments=()
  while read -r argument; do arguments+=("${argument//FOLDER/$folder}"); done <<< "$BROWSER_ARGUMENTS"
  (cd "$work" && rm -f ./*.sock && exec qemu-system-x86_64 -machine "type=pc,accel=$1" -m "${memory}M" \
    -drive "file=$work/disk.qcow2,if=ide,id=image0" -nographic -monitor unix:qm.sock,server=on,wait=off \
    "${arguments[@]}" -serial "file:$work/console" >"$work/qemu.log" 2>&1 </dev/null) &
  machine=$!
}
await_browser() { # seconds
  for _ in $(seq 1 $((10 * $1))); do
    grep -q 'BROWSER READY' "$work/console" 2>/dev/null && return 0
    kill -0 "$machine" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}
stop() { kill "$machine" 2>/dev/null || true; wait "$machine" 2>/dev/null || true; machine=; rm -f "$work/console"; }

# Whether a processor's own virtualization carries a machine is tried: that /dev/kvm opens says little.
if [ -z "$accelerator" ]; then
  accelerator=tcg
  if [ -w /dev/kvm ]; then
    note "trying KVM"
    start kvm
    if await_browser 15; then accelerator=kvm; else stop; fi
  fi
fi
if [ -z "$machine" ]; then
  note "starting a machine with $accelerator"
  start "$accelerator"
  await_browser "${BROWSER_PATIENCE:-240}" || { tail -20 "$work/console" "$work/qemu.log" >&2; fail "no browser came up"; }
fi
note "keeping its state"
printf 'migrate_set_parameter max-bandwidth 10g\nmigrate "exec:cat > %s"\nquit\n' "$folder/state" | socat -t120 - UNIX-CONNECT:"$work/qm.sock" > "$work/monitor" || true
wait "$machine" 2>/dev/null || true
machine=
[ -s "$folder/state" ] || { tail -3 "$work/monitor" >&2; fail "the state could not be kept"; }
# QEMU reads it with each machine's own arguments: what this node has.
printf '[machine]\n  accel = "%s"\n' "$accelerator" > "$folder/machine.cfg"
touch "$folder/complete"
finish
