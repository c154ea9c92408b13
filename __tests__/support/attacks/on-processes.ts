import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { commandLinesWith } from "../sandbox-server";
import { ATTACKER, LEFT, OTHERS, seen, type Attack } from "./attack";

/** On processes and variables of others, and on the rights of the machine. */
export const ON_PROCESSES: readonly Attack[] = [
  {
    on: "processes",
    what: "another slot's commands are seen",
    script: `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -q "sleep 98765[4]" && echo BREACH`,
    isTriedInTheOpen: true,
  },
  {
    on: "processes",
    what: "another slot's folder is reached through its processes",
    script: `for p in /proc/[0-9]*; do ${seen} $p/cwd/mine $p/root/TARGET/mine && echo BREACH; done`,
    isTriedInTheOpen: true,
  },
  {
    on: "processes",
    what: "the server's files are reached through its process",
    script:
      "for f in /proc/SERVER/root/TOKEN /proc/SERVER/cwd/.; do [ -r $f ] && cat /proc/SERVER/root/TOKEN >/dev/null && echo BREACH; done",
    isTriedInTheOpen: true,
  },
  {
    on: "processes",
    what: "open files of others are read",
    script: `for f in /proc/[0-9]*/fd/*; do [ -f "$f" ] && timeout 1 head -c 4096 "$f" 2>/dev/null | ${seen} && echo BREACH; done`,
  },
  {
    on: "processes",
    what: "a file that the server left open leads out",
    script:
      'for f in /proc/self/fd/*; do case "$(readlink $f)" in DATA/slot_0*|DATA/.slots/slot_0*|TOKEN*|PROGRAM*) echo BREACH;; esac; done',
  },
  {
    on: "processes",
    what: "a file is read that whoever started the server left open",
    script: `(cat <&${LEFT}) 2>/dev/null | grep -q . && echo BREACH; for f in /proc/[0-9]*/fd/${LEFT}; do [ -e $f ] && echo BREACH; done; true`,
  },
  {
    on: "processes",
    what: "a descriptor is there beside input, output and errors",
    script: 'for f in /proc/$$/fd/*; do [ -e $f ] && [ "${f##*/}" -gt 2 ] && echo "BREACH $(readlink $f)"; done; true',
  },
  {
    on: "processes",
    what: "the memory of another process is read",
    script: `${OTHERS} [ "$(cat $p/comm)" = bash ] && continue; head -c 1 $p/mem >/dev/null 2>&1; grep -qs . $p/maps && [ "$(stat -c %u $p)" != "$(id -u)" ] && echo BREACH; done`,
  },
  {
    on: "processes",
    what: "another slot's command is killed",
    script: "kill -9 VICTIM_PID && echo BREACH",
    isTriedInTheOpen: false,
  },
  { on: "processes", what: "the server is killed", script: "kill -9 SERVER && echo BREACH" },
  { on: "processes", what: "the server is stopped", script: "kill -STOP SERVER && echo BREACH" },
  { on: "processes", what: "everything is killed that can be", script: "(sleep 0.2; kill -9 -1) & wait; true" },
  {
    on: "processes",
    what: "a process outlives its command",
    script:
      "trap '' TERM HUP; (setsid nohup sleep 987601 >/dev/null 2>&1 &); (env -i setsid /bin/sh -c 'sleep 987601 &' &); sleep 0.2",
    then: async () => {
      // The kernel takes some milliseconds to end a namespace.
      for (let looks = 0; looks < 50 && commandLinesWith("sleep 987601").length > 0; looks += 1) await sleep(10);
      return commandLinesWith("sleep 987601").length > 0 ? "a process" : undefined;
    },
  },
  {
    on: "processes",
    what: "a process outlives the emptying of its slot",
    script: "(setsid sh -c 'while :; do touch again 2>/dev/null; sleep 0.05; done; sleep 987602' &) ; sleep 0.1",
    then: async (server) => {
      await server.post("/reset", { slot_id: "slot_1" });
      await new Promise((resolve) => setTimeout(resolve, 300));
      return existsSync(join(server.own, "again")) ? "a file in the emptied slot" : undefined;
    },
  },
  {
    on: "environment",
    what: "another slot's variables are read",
    script: `cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -qs secret-in-env && echo BREACH`,
    isTriedInTheOpen: true,
  },
  {
    on: "environment",
    what: "the server's variables are read",
    script: `{ env; tr '\\0' '\\n' < /proc/SERVER/environ; tr '\\0' '\\n' < /proc/1/environ; } 2>/dev/null | grep -qs of-the-server && echo BREACH`,
    isTriedInTheOpen: true,
  },
  {
    on: "environment",
    what: "a library is loaded into what the server starts as root",
    script: "true",
    more: { env: { LD_PRELOAD: "/nonexistent/attack.so", BASH_ENV: "evil.sh", ENV: "evil.sh" } },
    then: (server) => Promise.resolve(server.said.includes("attack.so") ? "a program of the server's" : undefined),
  },
  {
    on: "environment",
    what: "programs of the slot take the place of those that the server starts",
    script:
      "for p in cat head env setpriv unshare bwrap bash sleep rm; do printf '#!/bin/sh\\nid -u > \"$HOME/../ran-$$\" 2>/dev/null; touch EVIDENCE\\n' > $p; chmod +x $p; done",
    more: { env: { PATH: ".:/bin:/usr/bin" } },
    then: async (server) => {
      await server.bash(ATTACKER, "true", { env: { PATH: `${server.own}:/workspace:.:/usr/bin:/bin` } });
      await server.post("/reset", { slot_id: "slot_1" });
      return existsSync(server.evidence) ? "a program was run outside" : undefined;
    },
  },
  {
    on: "environment",
    what: "variables of an earlier command are found",
    script: "env | grep -q KEPT_SECRET && echo BREACH",
    more: {},
  },
  {
    on: "rights",
    what: "a program with another user's rights is made",
    script:
      'cp /bin/sh s && chown 0:0 s && chmod u+s s && echo BREACH; cp /bin/bash b; chmod 4755 b; [ "$(./b -p -c \'id -u\' 2>/dev/null)" = 0 ] && [ "$(id -u)" != 0 ] && echo BREACH',
  },
  {
    on: "rights",
    what: "another user is taken",
    script:
      "for c in 'su root -c id' 'sudo -n id' 'setpriv --reuid=0 id' 'newgrp root'; do timeout 2 $c </dev/null 2>/dev/null | grep -q 'uid=0' && echo BREACH; done",
  },
  {
    on: "rights",
    what: "a disk is made a file",
    script: "mknod d b 8 0 && echo BREACH; mknod m c 1 1 && echo BREACH",
    isTriedInTheOpen: false,
  },
  {
    on: "rights",
    what: "something is mounted on the machine",
    script: "mount -t tmpfs none TARGET && echo BREACH; mount --bind / . && echo BREACH",
  },
  {
    on: "rights",
    what: "another slot is reached from a namespace of the attacker's own",
    script: `unshare -Urm sh -c 'cat TARGET/mine; mount --bind / /mnt; cat /mnt/TARGET/mine' 2>/dev/null | ${seen} && echo BREACH; true`,
  },
  {
    on: "rights",
    what: "the namespaces of the server are entered",
    script: "nsenter -t SERVER -m -p cat TOKEN >/dev/null && echo BREACH; nsenter -t 1 -a true && echo BREACH",
  },
  {
    on: "rights",
    what: "the kernel's settings are changed",
    script: "(echo 1 > /proc/sys/kernel/core_pattern) && echo BREACH; (echo h > /proc/sysrq-trigger) && echo BREACH",
  },
  {
    on: "rights",
    what: "a root of the attacker's own is entered",
    script: "mkdir -p r; chroot r true 2>/dev/null && echo BREACH; chroot / cat /etc/shadow >/dev/null && echo BREACH",
  },
];
