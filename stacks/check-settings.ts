import * as v from "valibot";
import { Duration, Memory, UserError, Vault, type Path, type Problem } from "../lib";
import { pathOfKeys } from "../lib/errors";
import type { EnvironmentSettings } from "./settings";

const count = v.pipe(
  v.number("write a whole number"),
  v.integer("write a whole number"),
  v.minValue(0, "is negative; write 0 or more"),
);
const name = v.pipe(v.string("write a text"), v.regex(/^[a-z0-9][a-z0-9-]*$/, "write letters, digits and dashes"));
const text = v.pipe(v.string("write a text"), v.nonEmpty("is empty; write a text"));
const flag = v.boolean("write true or false");
const positive = v.pipe(
  v.instance(Duration as unknown as new () => Duration, "write a Duration, such as Duration.seconds(10)"),
  v.check((value) => value.nanoseconds > 0, "is not above zero; write Duration.seconds(10), say"),
);
const memory = v.pipe(
  v.instance(Memory as unknown as new () => Memory, "write a Memory, such as Memory.mebibytes(256)"),
  v.check((value) => value.mebibytes >= 10, "is too little; write Memory.mebibytes(10) or more"),
);

const group = v.strictObject({
  count,
  cpu: v.pipe(
    v.number("write a number of MHz"),
    v.integer("write a whole number"),
    v.minValue(1, "write 1 MHz or more"),
  ),
  memory,
  memoryMax: v.optional(memory),
  canaries: v.optional(count),
});

/** The highest port of the stack. */
const HIGHEST_PORT = 9093;

const schema = v.strictObject({
  name,
  owner: v.picklist(["terraform", "cdk-nomad"], 'write "terraform" or "cdk-nomad"'),
  cluster: v.optional(
    v.strictObject({
      address: v.optional(text),
      region: v.optional(text),
      consulDatacenter: v.optional(text),
      consulId: v.optional(text),
    }),
  ),
  datacenters: v.pipe(v.array(text, "write a list"), v.nonEmpty('is empty; write a datacenter, or "*" for any')),
  backend: v.variant(
    "kind",
    [v.strictObject({ kind: v.literal("local") }), v.strictObject({ kind: v.literal("consul"), path: text })],
    'write "local" or "consul"',
  ),
  programs: v.variant(
    "kind",
    [
      v.strictObject({ kind: v.literal("processes"), binDir: v.optional(text), proxy: v.optional(text) }),
      v.strictObject({
        kind: v.literal("images"),
        registry: v.string("write a text"),
        version: v.optional(
          v.pipe(
            text,
            v.check(
              (tag) => tag !== "latest",
              'would be pulled by Nomad before every start; write a fixed tag, such as "1.4.2"',
            ),
          ),
        ),
        network: v.optional(v.literal("host", 'write "host", or leave it out')),
        shellImage: v.optional(text),
      }),
    ],
    'write "processes" or "images"',
  ),
  portOffset: v.optional(
    v.pipe(
      count,
      v.maxValue(65535 - HIGHEST_PORT, `write ${65535 - HIGHEST_PORT} or less, so that every port stays below 65536`),
    ),
  ),
  admin: group,
  launcher: group,
  keyvalue: group,
  update: v.strictObject({
    maxParallel: count,
    minHealthyTime: positive,
    healthyDeadline: positive,
    autoRevert: flag,
    autoPromote: v.optional(flag),
  }),
  regions: v.optional(
    v.strictObject({
      list: v.pipe(
        v.array(v.strictObject({ name, count, datacenters: v.array(text) })),
        v.nonEmpty("is empty; write a region, or leave regions out"),
      ),
      maxParallel: count,
      onFailure: v.picklist(["fail_all", "fail_local"], 'write "fail_all" or "fail_local"'),
      rendering: v.optional(v.picklist(["fanOut", "enterprise"], 'write "fanOut" or "enterprise"')),
    }),
  ),
  polydev: v.strictObject({
    execution: v.picklist(["containers", "processes", "auto"], 'write "containers", "processes" or "auto"'),
    machine: v.picklist(["firecracker", "qemu", "process"], 'write "firecracker", "qemu" or "process"'),
    warmPool: count,
    browsers: v.pipe(count, v.maxValue(100, "is more than there are addresses for; write 100 or less")),
    keysInVariables: flag,
  }),
  service: v.strictObject({
    execution: v.picklist(["container", "process", "auto"], 'write "container", "process" or "auto"'),
    reachable: v.picklist(["node", "loopback"], 'write "node" or "loopback"'),
    tokens: v.picklist(["project", "variable"], 'write "project" or "variable"'),
  }),
  hermes: v.strictObject({
    driver: v.picklist(
      ["docker", "singularity", "raw_exec", "auto"],
      'write "docker", "singularity", "raw_exec" or "auto"',
    ),
    slots: v.pipe(count, v.minValue(1, "write 1 or more")),
    isolation: v.optional(v.array(v.picklist(["bubblewrap", "user", "none"], 'write "bubblewrap", "user" or "none"'))),
    min: count,
    max: v.pipe(count, v.minValue(1, "write 1 or more")),
  }),
  databaseSecret: v.optional(v.strictObject({ vault: v.instance(Vault), path: text })),
  denyByDefault: flag,
  logLevel: v.picklist(["debug", "info", "warn", "error"], "write debug, info, warn or error"),
});

/** What is wrong with the settings of an environment, each with its place, `dev.launcher.count`. */
export function problemsOfSettings(settings: EnvironmentSettings): Problem[] {
  const root = typeof settings?.name === "string" ? settings.name : "settings";
  const parsed = v.safeParse(schema, settings);
  const shape = (parsed.issues ?? []).map((issue) =>
    problem([root, ...pathOfKeys((issue.path ?? []).map(({ key }) => key))], inWords(issue)),
  );
  return [...shape, ...problemsBetween(settings, root)];
}

/** A key too many or too few has no message of its own. */
function inWords(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== "strict_object") return issue.message;
  if (issue.expected === "never") return "is no setting; remove it";
  return issue.received === "undefined" ? "is missing; write it" : "is no object; write { … }";
}

/**
 * Stops at settings that no stack can be made of.
 *
 * @throws UserError with every problem of every environment
 */
export function checkSettings(all: readonly EnvironmentSettings[]): void {
  const problems = all.flatMap(problemsOfSettings);
  for (const [index, { name: own }] of all.entries()) {
    if (all.findIndex((other) => other.name === own) < index)
      problems.push(problem([own, "name"], "is the name of two environments; write another"));
  }
  if (problems.length > 0) throw new UserError(problems);
}

function problemsBetween(settings: EnvironmentSettings, root: string): Problem[] {
  const problems: Problem[] = [];
  for (const key of ["admin", "launcher", "keyvalue"] as const) {
    const own = settings[key];
    // What is wrong by itself was said already.
    if (!v.is(group, own)) continue;
    const counts =
      own.count === 0 && settings.regions?.list ? settings.regions.list.map((region) => region.count) : [own.count];
    const least = Math.min(...counts);
    if (own.canaries !== undefined && own.canaries > least) {
      problems.push(
        problem(
          [root, key, "canaries"],
          `${own.canaries} is more than the group's count, ${least}; write ${least} or fewer`,
        ),
      );
    }
    if (own.memoryMax && own.memoryMax.mebibytes < own.memory.mebibytes) {
      problems.push(
        problem(
          [root, key, "memoryMax"],
          `${own.memoryMax} is less than what is reserved, ${own.memory}; write ${own.memory} or more`,
        ),
      );
    }
  }
  if (settings.hermes?.max < settings.hermes?.min) {
    const { min, max } = settings.hermes;
    problems.push(problem([root, "hermes", "max"], `${max} is less than min, ${min}; write ${min} or more`));
  }
  const { minHealthyTime, healthyDeadline } = settings.update ?? {};
  if (minHealthyTime?.nanoseconds >= healthyDeadline?.nanoseconds) {
    problems.push(
      problem(
        [root, "update", "minHealthyTime"],
        `is not shorter than healthyDeadline, ${healthyDeadline}; shorten it`,
      ),
    );
  }
  return problems;
}

function problem(path: Path, message: string): Problem {
  return { rule: "settings", path, message, severity: "error" };
}
