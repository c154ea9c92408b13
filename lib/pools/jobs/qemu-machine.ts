import { UserError } from "../../errors";
import {
  Driver,
  Duration,
  Lifecycle,
  LogConfig,
  Memory,
  Reschedule,
  Resources,
  Restart,
  Task,
  TaskGroup,
} from "../../jobspec";
import { ANYTHING, oneOfTexts, TEXT, TEXTS, type PropKinds } from "../../jobspec/host";
import { coreShare } from "../../job-parts";
import { EGRESS_ADDRESS, EGRESS_PROGRAM, parseAllowed } from "../egress";
import { BROWSER_FOLDER } from "../facts";

/**
 * A virtual machine of QEMU whose screen and whose channel are sockets in its allocation: it listens at no port. Its guest reaches nothing but an HTTP
 * proxy in the same allocation, at 10.0.2.100:3128, which opens public addresses at the ports 80 and 443.
 */
export interface QemuMachine {
  /** What runs it. */
  readonly kind: "qemu";
  /**
   * Where the node has what `npm run browser-image` makes: the program of the guest's proxy, and the system: its kernel, its disk, and the state of a
   * machine whose browser waits. Default: `/var/lib/cdk-nomad/browser`.
   */
  readonly folder?: string;
  /** A disk that boots by itself, in place of that system: a path on the node, in the format qcow2. Default: none. */
  readonly image?: string;
  /**
   * What its guest may reach beside public addresses: names, addresses and networks, each with a port or, without one, of 80 and 443: `login.corp`,
   * `sso.example:8443`, `10.1.0.0/16`, `[fd00::1]:443`. The node's loopback, its own addresses and those of its link (169.254.169.254 among them) are
   * reached where the very address stands here, such as `127.0.0.2:8080`, and by no name and no network. Default: none.
   */
  readonly allow?: readonly string[];
  /** Whether it goes on from the state in the folder, or boots; a disk of your own boots. Default: `state`. */
  readonly start?: "state" | "boot";
  /**
   * What runs its processor. Default: what the node has, as the folder's `machine.cfg` says, which the recipe writes after it has tried KVM there;
   * for a disk of your own KVM, and emulation where the node has none.
   */
  readonly accelerator?: "kvm" | "tcg";
  /**
   * Its memory, 128 MiB to 1 TiB in whole MiB; one that goes on from a state has that of the state. Default: 256 MiB; 1536 MiB with a disk of your own.
   */
  readonly memory?: Memory;
}

/** The kinds of a machine's properties beside its own kind. */
export const QEMU_PROPS: PropKinds<Omit<QemuMachine, "kind">> = {
  folder: TEXT,
  image: TEXT,
  allow: TEXTS,
  start: oneOfTexts("state", "boot"),
  accelerator: oneOfTexts("kvm", "tcg"),
  memory: ANYTHING,
};

/** The task of the machine's allocation in which its screen and its channel are reached, by an exec. */
export const SCREEN_TASK = "screen";

/** Commands for an exec in {@link SCREEN_TASK}: they connect to what the machine has in its own task's folder. */
export const CONNECT = {
  /** The screen, in the protocol RFB. */
  screen: ["socat", "-", "UNIX-CONNECT:../vm/vnc.sock"],
  /**
   * The guest's channel, which takes one connection at a time: it ends half a second after its input, and where nothing came for 8 seconds, so that
   * whoever is cut off holds it from nobody else.
   */
  channel: ["socat", "-T8", "-", "UNIX-CONNECT:../vm/session.sock"],
} as const;

/** The name of the guest's channel: a virtio port. */
const CHANNEL = "org.cdk-nomad.session";
const DISK = "${NOMAD_ALLOC_DIR}/disk.qcow2";
/** What the emulator takes beside the machine's memory, in MiB: its translated code, the screen, the viewers. 190 were measured. */
const OF_EMULATOR = 512;
/** What it may take beyond that while it reads a state, where the cluster allows more than is reserved, in MiB. */
const BEYOND = 512;

/** The memory of a machine, in MiB. */
function memoryOf({ memory, image }: QemuMachine): number {
  return memory === undefined ? (image === undefined ? 256 : 1536) : memory.mebibytes;
}

/** Judges the settings of a machine. @throws UserError where it cannot be made as it is written */
export function checkMachine(machine: QemuMachine): void {
  const memory = memoryOf(machine);
  if (!Number.isInteger(memory) || memory < 128 || memory > 1024 * 1024)
    throw UserError.at(
      "machine.memory",
      `${String(machine.memory)} is out of range; write Memory.mebibytes(128) to Memory.gibibytes(1024), in whole MiB`,
      "browser/memory",
    );
  for (const path of [machine.folder, machine.image])
    // It stands in a line of shell and in options of QEMU, whose commas part them.
    if (path !== undefined && !/^\/[A-Za-z0-9._/-]+$/.test(path))
      throw UserError.at(
        path === machine.folder ? "machine.folder" : "machine.image",
        `"${path}" is no path that QEMU takes; write one of letters, digits, dots, dashes and slashes`,
        "browser/path",
      );
  for (const entry of machine.allow ?? [])
    if (parseAllowed(entry) === undefined)
      throw UserError.at(
        "machine.allow",
        `"${entry}" is no name, address or network; write login.corp, login.corp:8443, 10.1.0.0/16 or [fd00::1]:443, say`,
        "browser/allow",
      );
}

/** The group of a machine: a disk in the allocation, the guest's proxy, the machine, and the task that reaches its sockets. */
export function qemuGroup(machine: QemuMachine, resources: Resources | undefined): TaskGroup {
  checkMachine(machine);
  return new TaskGroup({
    name: "browser",
    // A machine that was lost has lost what a person did in it: a new one would wait for an address that nobody sends.
    restart: Restart.fail({ attempts: 0 }),
    reschedule: Reschedule.never(),
    tasks: [disk(machine), egress(machine), vm(machine, memoryOf(machine), resources), screen()],
  });
}

/**
 * The arguments of the emulator, beside those of Nomad's driver. A state fits a machine that was made with the same ones, so whoever keeps one
 * has them from here.
 *
 * @param folder where the system is
 */
export function machineArguments(folder: string): readonly string[] {
  return [
    ...["-kernel", `${folder}/vmlinuz`, "-initrd", `${folder}/initrd`],
    // 0x344 is 1024 by 768 in 32 bits, which the guest's screen wants.
    ...["-append", "console=ttyS0 quiet vga=0x344 vt.global_cursor_default=0 rdinit=/init panic=-1 mitigations=off"],
    ...DEVICES,
  ];
}

/** The proxy's task, and its socket, which is in the task's own folder. */
const EGRESS_TASK = "egress";
const EGRESS_SOCKET = "egress.sock";
/** A connection of the guest's to its proxy; the commas are those of an option of QEMU. It waits for a proxy that starts, or is started again, and says nothing: what it writes to stderr QEMU takes for the proxy's own bytes. */
const TO_PROXY = `tcp:${EGRESS_ADDRESS.host}:${EGRESS_ADDRESS.port}-cmd:socat -t10 -lf /dev/null - UNIX-CONNECT:../${EGRESS_TASK}/${EGRESS_SOCKET},,retry=50,,interval=0.2`;

const DEVICES: readonly string[] = [
  // What a session writes is kept nowhere.
  "-snapshot",
  ...["-vga", "std", "-vnc", "unix:vnc.sock"],
  // Nobody reaches it from outside, and it reaches its proxy alone: not the node's loopback, which is 10.0.2.2 and fec0::2 else, and no resolver.
  ...["-nic", `user,model=virtio-net-pci,restrict=on,ipv6=off,guestfwd=${TO_PROXY}`],
  ...["-device", "virtio-tablet-pci"],
  ...["-device", "virtio-serial-pci"],
  ...["-chardev", "socket,id=session,path=session.sock,server=on,wait=off"],
  ...["-device", `virtserialport,chardev=session,name=${CHANNEL}`],
  // Not elevateprivileges: what is started for a connection to the proxy begins a session of its own (setsid), for which it would be killed. No
  // process of QEMU's gains rights: any filter of system calls comes with no_new_privs.
  ...["-sandbox", "on,obsolete=deny,resourcecontrol=deny"],
];

/** Puts the disk where the driver takes it from: it refuses images outside of the allocation, unless the agent's configuration names their folder. */
function disk({ image, folder = BROWSER_FOLDER }: QemuMachine): Task {
  const made =
    image === undefined
      ? `cp ${folder}/disk.qcow2 "$NOMAD_ALLOC_DIR/disk.qcow2"`
      : `qemu-img create -q -f qcow2 -F qcow2 -b ${image} "$NOMAD_ALLOC_DIR/disk.qcow2"`;
  return new Task({
    name: "disk",
    lifecycle: Lifecycle.prestart(),
    driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", `exec ${made}`] }),
    resources: new Resources({ cpu: coreShare(0.05), memory: Memory.mebibytes(32) }),
    logs: new LogConfig({ maxFiles: 1, maxFileSize: Memory.mebibytes(1) }),
  });
}

/** The guest's way to the network, which is there before the machine. */
function egress({ folder = BROWSER_FOLDER, allow = [] }: QemuMachine): Task {
  const program = [
    `${folder}/${EGRESS_PROGRAM}`,
    "--socket",
    EGRESS_SOCKET,
    ...allow.flatMap((entry) => ["--allow", entry]),
  ];
  return new Task({
    name: EGRESS_TASK,
    lifecycle: Lifecycle.sidecar(),
    driver: Driver.rawExec({
      command: "/bin/sh",
      args: [
        "-c",
        `command -v node >&2 || { echo "this node has no node" >&2; exit 1; }\nexec node "$@"`,
        "sh",
        ...program,
      ],
    }),
    // A guest without its proxy reaches nothing, and loses nothing of what a person has done.
    restart: Restart.fail({ attempts: 3, delay: Duration.seconds(1), interval: Duration.minutes(1) }),
    killTimeout: Duration.seconds(5),
    resources: new Resources({ cpu: coreShare(0.1), memory: Memory.mebibytes(96), memoryMax: Memory.mebibytes(256) }),
    logs: new LogConfig({ maxFiles: 1, maxFileSize: Memory.mebibytes(1) }),
  });
}

function vm(machine: QemuMachine, memory: number, resources: Resources | undefined): Task {
  const { image, folder = BROWSER_FOLDER, accelerator, start = "state" } = machine;
  const isOwn = image !== undefined;
  return new Task({
    name: "vm",
    driver: Driver.qemu({
      imagePath: DISK,
      // QEMU's own list: the first that the node has.
      accelerator: accelerator ?? "kvm:tcg",
      gracefulShutdown: true,
      args: [
        // Less than is reserved, which the emulator shares.
        ...["-m", `${memory}M`],
        ...(isOwn ? DEVICES : machineArguments(folder)),
        ...(isOwn || accelerator !== undefined ? [] : ["-readconfig", `${folder}/machine.cfg`]),
        ...(isOwn || start === "boot" ? [] : ["-incoming", `exec:cat ${folder}/state`]),
      ],
    }),
    // It is off within a second; Nomad allows no more than its clients' max_kill_timeout, 30 s where nobody says it.
    killTimeout: Duration.seconds(30),
    resources: roomFor(resources, memory),
    logs: new LogConfig({ maxFiles: 3, maxFileSize: Memory.mebibytes(10) }),
  });
}

/** The limit of a task's memory is `memoryMax`, or `memory` where the cluster allows no more: either is above what the machine itself has. */
function roomFor(resources: Resources | undefined, memory: number): Resources {
  const reserved = resources?.memory ?? Memory.mebibytes(memory + OF_EMULATOR);
  const least = memory + OF_EMULATOR / 2;
  if (typeof reserved.mebibytes === "number" && reserved.mebibytes < least)
    throw UserError.at(
      "resources.memory",
      `${reserved.mebibytes} MiB are too few for a machine of ${memory} MiB and its emulator; write ${least} or more`,
      "browser/memory",
    );
  return (resources ?? new Resources()).with({
    cpu: resources?.cpu ?? coreShare(1),
    memory: reserved,
    memoryMax: resources?.memoryMax ?? Memory.mebibytes(reserved.mebibytes + BEYOND),
  });
}

/**
 * Waits: what reaches the machine's sockets is run in it. As the leader it is stopped first, and presses the machine's power button: the driver does
 * so too, but hangs up in the same moment, which QEMU answers by forgetting what it was told.
 */
const WAITING = `command -v socat || { echo "this node has no socat" >&2; exit 1; }
off() { echo system_powerdown | socat -t1 - UNIX-CONNECT:../vm/qm.sock; kill $!; exit 0; }
trap off INT TERM
sleep infinity & wait`;

function screen(): Task {
  return new Task({
    name: SCREEN_TASK,
    leader: true,
    driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", WAITING] }),
    killTimeout: Duration.seconds(5),
    resources: new Resources({ cpu: coreShare(0.1), memory: Memory.mebibytes(64) }),
    logs: new LogConfig({ maxFiles: 1, maxFileSize: Memory.mebibytes(1) }),
  });
}
