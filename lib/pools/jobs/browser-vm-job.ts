import { UserError } from "../../errors";
import {
  Check,
  Driver,
  Duration,
  Job,
  Lifecycle,
  LogConfig,
  Memory,
  Network,
  Port,
  Resources,
  Restart,
  Service,
  Task,
  TaskGroup,
  VolumeMount,
  VolumeRequest,
  type ResourcesProps,
} from "../../jobspec";
import {
  ANYTHING,
  checkProps,
  NUMBER,
  objectBy,
  oneOfTexts,
  required,
  TEXT,
  TEXTS,
  type PropKind,
  type PropKinds,
} from "../../jobspec/host";
import { coreShare, safeId, safeMeta, standInCommand } from "../../job-parts";
import { join } from "node:path";
import { QEMU_PROPS, qemuGroup, type QemuMachine } from "./qemu-machine";

/** How a browser's machine is run. */
export type BrowserMachine =
  | {
      /** A small virtual machine, booted from its root disk: the driver has no option to restore one. */
      readonly kind: "firecracker";
      /** Default: golden/vmlinux below the snapshots. */
      readonly kernel?: string;
      /** Default: golden/rootfs.ext4 below the snapshots. */
      readonly rootDisk?: string;
      /** The CNI network with the machine's TAP interface. Default: "browser". */
      readonly network?: string;
    }
  | QemuMachine
  | {
      /** A process that stands in for the machine: it answers as a VNC server does. */
      readonly kind: "process";
    };

/** Properties of {@link BrowserVmJob}. */
export interface BrowserVmJobProps {
  /** The session: any text. */
  readonly sessionId: string;
  /** The user that it runs for; any text. */
  readonly userId: string;
  /** Where the user logs in, such as `google` or `github`. */
  readonly provider: string;
  /** The machine's address, 192.168.100.1 to 192.168.100.254. */
  readonly vmIp: string;
  /**
   * The VNC port on the host, 5900 or more. A machine of QEMU has none: its screen is a socket in its allocation.
   *
   * @default - 5900 and the last part of the machine's address
   */
  readonly vncPort?: number;
  /**
   * The port of noVNC's WebSocket on the host. A machine of QEMU has none.
   *
   * @default - the VNC port and 180: 6080 for 5900
   */
  readonly websocketPort?: number;
  /**
   * How the machine is run.
   *
   * @default - Firecracker
   */
  readonly machine?: BrowserMachine;
  /**
   * What it needs.
   *
   * @default - 1 core and 2 GiB; of QEMU 1 core, the machine's memory and 512 MiB for the emulator
   */
  readonly resources?: Resources | ResourcesProps;
  /**
   * What the network is expected to carry, in Mbit/s; it stands in meta, since Nomad itself counts no bandwidth.
   *
   * @default 100
   */
  readonly bandwidth?: number;
  /**
   * Its rank where nodes are full.
   *
   * @default 75
   */
  readonly priority?: number;
  /**
   * Datacenters it may run in.
   *
   * @default - any
   */
  readonly datacenters?: readonly string[];
}

const KINDS_OF_MACHINES: Readonly<Record<BrowserMachine["kind"], Readonly<Record<string, PropKind>>>> = {
  firecracker: { kernel: TEXT, rootDisk: TEXT, network: TEXT },
  qemu: QEMU_PROPS,
  process: {},
};

/** The kind of a property of a {@link BrowserMachine}. */
const MACHINE = objectBy(({ kind }) => ({
  kind: required(oneOfTexts(...Object.keys(KINDS_OF_MACHINES))),
  ...KINDS_OF_MACHINES[kind as BrowserMachine["kind"]],
}));

const KINDS: PropKinds<BrowserVmJobProps> = {
  sessionId: required(TEXT),
  userId: required(TEXT),
  provider: required(TEXT),
  vmIp: required(TEXT),
  vncPort: NUMBER,
  websocketPort: NUMBER,
  machine: MACHINE,
  resources: ANYTHING,
  bandwidth: NUMBER,
  priority: NUMBER,
  datacenters: TEXTS,
};

const SNAPSHOTS = "/var/lib/firecracker/snapshots";
const MACHINES = "/var/lib/firecracker/vms";
const FIRST_VNC_PORT = 5900;
const WEBSOCKET_DISTANCE = 180;

/**
 * A browser in a virtual machine, for one login: a person sees it through noVNC, and it ends gracefully.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/job
 */
export class BrowserVmJob extends Job {
  constructor(props: BrowserVmJobProps) {
    checkProps(props, "BrowserVmJob", KINDS);
    const { sessionId, userId, provider, vmIp, bandwidth = 100, priority = 75, datacenters } = props;
    const machine = props.machine ?? { kind: "firecracker" };
    const vncPort = props.vncPort ?? FIRST_VNC_PORT + lastPart(vmIp);
    const websocketPort = props.websocketPort ?? vncPort + WEBSOCKET_DISTANCE;
    check(vmIp, vncPort, websocketPort);
    super({
      id: safeId("browser-vm", sessionId),
      type: "service",
      priority,
      datacenters,
      meta: {
        session_id: safeMeta(sessionId),
        user_id: safeMeta(userId),
        provider: safeMeta(provider),
        vm_ip: vmIp,
        bandwidth_mbits: String(bandwidth),
      },
      groups: [
        machine.kind === "qemu"
          ? qemuGroup(machine, resourcesOf(props))
          : portsGroup(machine, props, vncPort, websocketPort),
      ],
    });
  }
}

/** A machine that is reached at ports of its node. */
function portsGroup(
  machine: Exclude<BrowserMachine, { kind: "qemu" }>,
  props: BrowserVmJobProps,
  vncPort: number,
  websocketPort: number,
): TaskGroup {
  const isProcess = machine.kind === "process";
  return new TaskGroup({
    name: "browser",
    networks: [Network.host(Port.static("vnc", vncPort), Port.static("websocket", websocketPort))],
    // New sessions are not sent here while the machine shuts down.
    shutdownDelay: Duration.seconds(2),
    restart: Restart.fail({ attempts: 2, delay: Duration.seconds(10), interval: Duration.minutes(5) }),
    volumes: isProcess
      ? undefined
      : [
          VolumeRequest.host("snapshots", "firecracker-snapshots", { readOnly: true }),
          VolumeRequest.host("vms", "firecracker-vms"),
        ],
    services: [
      new Service({
        name: "browser-vm",
        port: "websocket",
        task: "vm",
        tags: ["novnc"],
        meta: { session: safeId("session", props.sessionId) },
        checks: [Check.tcp({ name: "novnc", interval: Duration.seconds(10), timeout: Duration.seconds(2) })],
      }),
    ],
    tasks: isProcess
      ? [standIn(vncPort, websocketPort, props)]
      : [vm(machine, props), novnc(props.vmIp, vncPort, websocketPort)],
  });
}

function lastPart(address: string): number {
  return Number(address.split(".")[3] ?? Number.NaN);
}

function check(vmIp: string, vncPort: number, websocketPort: number): void {
  const part = lastPart(vmIp);
  if (!/^192\.168\.100\.\d{1,3}$/.test(vmIp) || part < 1 || part > 254)
    throw UserError.at(
      "vmIp",
      `"${vmIp}" is no address of the browsers' network; write 192.168.100.1 to 192.168.100.254`,
      "browser/address",
    );
  if (!Number.isInteger(vncPort) || vncPort < FIRST_VNC_PORT || vncPort > 65535)
    throw UserError.at("vncPort", `${vncPort} is out of range; write ${FIRST_VNC_PORT} to 65535`, "browser/port");
  if (!Number.isInteger(websocketPort) || websocketPort < 1 || websocketPort > 65535 || websocketPort === vncPort)
    throw UserError.at(
      "websocketPort",
      `${websocketPort} cannot be had; write another port up to 65535`,
      "browser/port",
    );
}

/** What every task of a machine has. */
/** What a machine needs, as somebody said it. */
function resourcesOf({ resources }: BrowserVmJobProps): Resources | undefined {
  return resources === undefined || resources instanceof Resources ? resources : new Resources(resources);
}

function common(resources: Resources | undefined) {
  return {
    killTimeout: Duration.seconds(60),
    killSignal: "SIGTERM",
    resources: resources ?? new Resources({ cpu: coreShare(1), memory: Memory.gibibytes(2) }),
    logs: new LogConfig({ maxFiles: 3, maxFileSize: Memory.mebibytes(10) }),
  };
}

function vm(machine: Extract<BrowserMachine, { kind: "firecracker" }>, props: BrowserVmJobProps): Task {
  const settings = common(resourcesOf(props));
  return new Task({
    name: "vm",
    driver: Driver.firecracker({
      kernelImage: machine.kernel ?? `${SNAPSHOTS}/golden/vmlinux`,
      bootDisk: machine.rootDisk ?? `${SNAPSHOTS}/golden/rootfs.ext4`,
      network: machine.network ?? "browser",
      vcpus: 1,
      memory: settings.resources.memory?.mebibytes ?? 2048,
    }),
    env: { VM_IP: props.vmIp, VM_DIR: `${MACHINES}/\${NOMAD_ALLOC_ID}` },
    volumeMounts: [
      new VolumeMount({ volume: "snapshots", destination: SNAPSHOTS, readOnly: true }),
      new VolumeMount({ volume: "vms", destination: MACHINES }),
    ],
    ...settings,
  });
}

/** The bridge from a person's browser to the machine's screen. */
function novnc(vmIp: string, vncPort: number, websocketPort: number): Task {
  return new Task({
    name: "novnc",
    lifecycle: new Lifecycle({ hook: "poststart", sidecar: true }),
    driver: Driver.rawExec({
      command: "websockify",
      args: ["--web", "/usr/share/novnc", String(websocketPort), `${vmIp}:${vncPort}`],
    }),
    resources: new Resources({ cpu: coreShare(0.1), memory: Memory.mebibytes(64) }),
    logs: new LogConfig({ maxFiles: 2, maxFileSize: Memory.mebibytes(5) }),
  });
}

function standIn(vncPort: number, websocketPort: number, props: BrowserVmJobProps): Task {
  const [command, ...args] = standInCommand(join(__dirname, "stand-ins"), "vnc");
  return new Task({
    name: "vm",
    driver: Driver.rawExec({ command, args: [...args, `--vnc-port=${vncPort}`, `--websocket-port=${websocketPort}`] }),
    env: { VM_IP: props.vmIp },
    meta: { stand_in: "true" },
    ...common(resourcesOf(props)),
  });
}
