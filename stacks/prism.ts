import { existsSync } from "node:fs";
import { join } from "node:path";
import { TerraformVariable, type TerraformStack } from "cdktf";
import { Cpu, Prism, Program, Resources, standIn, Update, type Pattern, type StandInName } from "../lib";
import { regionsOf, type Environment } from "./environment";
import { PROGRAMS } from "./prism-folder";
import type { GroupSettings } from "./settings";

const LEVELS = ["debug", "info", "warn", "error"];

/** Brings Prism: its job, its Consul side, and variables for deploy time. */
export function addPrism(stack: TerraformStack, environment: Environment): Prism {
  const { settings } = environment;
  const programs = programsOf(stack, environment);
  const level = logLevel(stack, environment);
  const own = programs.admin.origin === "binary";
  return new Prism(stack, "prism", {
    environment: settings.name,
    datacenters: settings.datacenters,
    config: { log_level: level },
    denyByDefault: settings.denyByDefault,
    update: new Update(updateOf(environment, 0)),
    admin: {
      ...groupOf(environment, settings.admin),
      program: programs.admin,
      ports: adminPorts(environment, programs.admin),
      // Prism's own admin keeps its data where it is started, unless told otherwise.
      ...(own
        ? { dataDir: "${NOMAD_ALLOC_DIR}/data/raft", database: "sqlite://${NOMAD_ALLOC_DIR}/data/admin.db" }
        : {}),
      databaseSecret: settings.databaseSecret,
    },
    launcher: {
      ...groupOf(environment, settings.launcher),
      program: programs.launcher,
      ports: launcherPorts(environment, programs.launcher),
      patterns: patterns(environment, programs.launcher),
    },
    keyvalue: {
      ...groupOf(environment, settings.keyvalue),
      program: programs.keyvalue,
      mode: keyvalueMode(environment, programs.keyvalue),
    },
    ...regionsOf(environment),
  });
}

/** A value that whoever deploys may set, as `-var` or TF_VAR_log_level. */
function logLevel(stack: TerraformStack, { settings }: Environment): string {
  return new TerraformVariable(stack, "log_level", {
    type: "string",
    default: settings.logLevel,
    description: `How much the programs log: ${LEVELS.join(", ")}.`,
    validation: [
      {
        condition: `\${contains(${JSON.stringify(LEVELS)}, var.log_level)}`,
        errorMessage: `Write one of ${LEVELS.join(", ")}.`,
      },
    ],
  }).stringValue;
}

/** @param version undefined where whoever deploys has to say it */
function imageVersion(stack: TerraformStack, version: string | undefined): string {
  return new TerraformVariable(stack, "image_version", {
    type: "string",
    ...(version === undefined ? {} : { default: version }),
    description: "Tag of the images of Prism.",
    validation: [
      {
        condition: '${can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_version))}',
        errorMessage: "Write a tag: letters, digits, dots, dashes and underscores, 128 at most.",
      },
      {
        condition: '${!contains(["latest"], var.image_version)}',
        errorMessage:
          "Nomad would pull it before every start, and start something else one day; write a fixed tag, such as 1.4.2.",
      },
    ],
  }).stringValue;
}

function programsOf(stack: TerraformStack, { settings, inputs }: Environment): Record<StandInName, Program> {
  const { programs } = settings;
  if (programs.kind === "images") {
    const version = imageVersion(stack, programs.version);
    const { registry, network, shellImage } = programs;
    const image = (name: StandInName) =>
      Program.image(`${registry}${PROGRAMS[name]}:${version}`, { network, shellImage });
    return { admin: image("admin"), launcher: image("launcher"), keyvalue: image("keyvalue") };
  }
  const folder = programs.binDir ?? inputs.prismBinDir;
  const find = (name: StandInName): Program => {
    const path = folder === undefined ? undefined : join(folder, PROGRAMS[name]);
    return path !== undefined && existsSync(path) ? Program.binary(path) : standIn(name);
  };
  return { admin: find("admin"), launcher: find("launcher"), keyvalue: find("keyvalue") };
}

function groupOf(environment: Environment, group: GroupSettings) {
  const { count, cpu, memory, memoryMax, canaries = 0 } = group;
  return {
    count,
    resources: new Resources({ cpu: Cpu.mhz(cpu), memory, memoryMax }),
    ...(canaries > 0 ? { update: new Update(updateOf(environment, canaries)) } : {}),
  };
}

function updateOf({ settings }: Environment, canary: number) {
  const { autoPromote, ...update } = settings.update;
  return canary > 0 ? { ...update, canary, ...(autoPromote ? { autoPromote } : {}) } : update;
}

/** A real admin has four ports, and a stand-in two; those that nobody asked to move stay its own. */
function adminPorts({ portOffset: offset }: Environment, { origin }: Program) {
  const grpc = 8981 + offset;
  if (offset === 0 || origin === "image") return { grpc, ...(offset === 0 ? {} : { metrics: 9090 + offset }) };
  const metrics = 9090 + offset;
  return origin === "binary" ? { grpc, http: 8980 + offset, metrics, raft: 8990 + offset } : { grpc, metrics };
}

function launcherPorts({ portOffset: offset }: Environment, { origin }: Program) {
  const rest = origin === "binary" && offset !== 0 ? { metrics: 9092 + offset } : {};
  return { grpc: 7070 + offset, health: 9093 + offset, ...rest };
}

/** Prism's own launcher exits where it finds no pattern. */
function patterns({ settings, inputs }: Environment, { origin }: Program): readonly Pattern[] | undefined {
  const { programs } = settings;
  if (origin !== "binary" || programs.kind !== "processes") return undefined;
  const folder = programs.binDir ?? inputs.prismBinDir ?? "";
  return [
    {
      name: "keyvalue",
      version: "0.1.0",
      command: JSON.stringify(join(folder, PROGRAMS.keyvalue)),
      healthPort: 9100,
    },
  ];
}

/** Without a proxy, the real runner would exit; a namespace in memory is what it serves in dev. */
function keyvalueMode({ settings }: Environment, { origin }: Program) {
  const { programs } = settings;
  if (programs.kind === "processes" && programs.proxy !== undefined) return { proxy: programs.proxy };
  return origin === "binary" ? { namespace: settings.name } : undefined;
}
