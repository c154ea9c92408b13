import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One attempt of a guest to reach something: a line of shell that prints what came back, if anything. */
export interface Probe {
  readonly name: string;
  readonly script: string;
}

/** So many attempts are made at a time. */
const AT_ONCE = 16;

/** What a guest that is root in its machine prints once it has tried everything. */
export const PROBED = "ALL PROBED";

/**
 * Makes a folder with the system of browser machines, in which the first process is one that tries to reach things: whoever owns a page may own its browser,
 * and then the machine. Each attempt prints a line, `PROBE <name>: <first line that came back>`.
 */
export function probingFolder(system: string, probes: readonly Probe[]): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-probes-"));
  for (const file of ["vmlinuz", "initrd", "disk.qcow2", "egress.js"])
    copyFileSync(join(system, file), join(folder, file));
  const root = join(folder, "root");
  mkdirSync(root);
  // Several at a time, since each waits a while for an answer.
  const attempts = probes.flatMap(({ name, script }, index) => [
    `{ answer=$( { ${script}; } 2>/dev/null | head -n 1 | tr -d '\\r'); echo "PROBE ${name}: $answer"; } &`,
    ...(index % AT_ONCE === AT_ONCE - 1 ? ["wait"] : []),
  ]);
  writeFileSync(
    join(root, "init"),
    `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/null >/dev/console 2>&1
for module in $(cat /modules/order); do insmod "/modules/$module"; done
ip link set lo up
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.2.2
echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
ip -6 address add fec0::15/64 dev eth0
ip -6 route add default via fec0::2
# An HTTP request over TCP, without and with the proxy.
# Who asks stays at the line, as browsers do.
web() { { printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 8; } | nc -w 8 "$1" "$2"; }
get() { { printf 'GET http://%s/ HTTP/1.0\\r\\n\\r\\n' "$1"; sleep 8; } | nc -w 8 10.0.2.100 3128; }
tunnel() { { printf 'CONNECT %s HTTP/1.0\\r\\n\\r\\n' "$1"; sleep 8; } | nc -w 8 10.0.2.100 3128; }
${attempts.join("\n")}
wait
echo "${PROBED}"
sleep 5
poweroff -f
`,
    { mode: 0o755 },
  );
  // A kernel takes several archives after one another, and the last one of a file counts.
  const archive = spawnSync("busybox", ["cpio", "-o", "-H", "newc", "-R", "0:0"], { cwd: root, input: "init\n" });
  if (archive.status !== 0) throw new Error(`no archive could be made: ${archive.stderr.toString()}`);
  appendFileSync(join(folder, "initrd"), archive.stdout);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
