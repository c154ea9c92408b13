import { z } from "zod";
import { Duration, Memory, UserError, Vault, type Problem } from "../lib";
import type { EnvironmentSettings } from "./settings";

const count = z.number().int("write a whole number").min(0, "is negative; write 0 or more");
const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "write letters, digits and dashes");
const text = z.string().min(1, "is empty; write a text");
const positive = z
  .custom<Duration>((value) => value instanceof Duration, { error: "write a Duration, such as Duration.seconds(10)" })
  .refine((value) => value.nanoseconds > 0, { error: "is not above zero; write Duration.seconds(10), say" });
const memory = z
  .custom<Memory>((value) => value instanceof Memory, { error: "write a Memory, such as Memory.mebibytes(256)" })
  .refine((value) => value.mebibytes >= 10, { error: "is too little; write Memory.mebibytes(10) or more" });

const group = z.strictObject({
  count,
  cpu: z.number().int().min(1, "write 1 MHz or more"),
  memory,
  memoryMax: memory.optional(),
  canaries: count.optional(),
});

const schema = z.strictObject({
  name,
  datacenters: z.array(text).min(1, 'is empty; write a datacenter, or "*" for any'),
  backend: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("local") }),
    z.strictObject({ kind: z.literal("consul"), path: text }),
  ]),
  programs: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("processes"), binDir: text.optional(), proxy: text.optional() }),
    z.strictObject({ kind: z.literal("images"), registry: z.string(), version: text }),
  ]),
  // The highest port of the stack is 9093.
  portOffset: z
    .number()
    .int("write a whole number")
    .min(0, "write 0 or more")
    .max(65535 - 9093, `write ${65535 - 9093} or less, so that every port stays below 65536`)
    .optional(),
  admin: group,
  launcher: group,
  keyvalue: group,
  update: z.strictObject({
    maxParallel: count,
    minHealthyTime: positive,
    healthyDeadline: positive,
    autoRevert: z.boolean(),
    autoPromote: z.boolean().optional(),
  }),
  regions: z
    .strictObject({
      list: z
        .array(z.strictObject({ name, count, datacenters: z.array(text) }))
        .min(1, "is empty; write a region, or leave regions out"),
      maxParallel: count,
      onFailure: z.enum(["fail_all", "fail_local"]),
      rendering: z.enum(["fanOut", "enterprise"]).optional(),
    })
    .optional(),
  databaseSecret: z.strictObject({ vault: z.instanceof(Vault), path: text }).optional(),
  denyByDefault: z.boolean(),
  logLevel: z.enum(["debug", "info", "warn", "error"]),
});

/** What is wrong with the settings of an environment, each with its place, `dev.launcher.count`. */
export function problemsOfSettings(settings: EnvironmentSettings): Problem[] {
  const root = typeof settings?.name === "string" ? settings.name : "settings";
  const parsed = schema.safeParse(settings);
  const shape = parsed.success
    ? []
    : parsed.error.issues.map((issue) => problem([root, ...issue.path].join("."), issue.message));
  return [...shape, ...problemsBetween(settings, root)];
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
      problems.push(problem(`${own}.name`, "is the name of two environments; write another"));
  }
  if (problems.length > 0) throw new UserError(problems);
}

function problemsBetween(settings: EnvironmentSettings, root: string): Problem[] {
  const problems: Problem[] = [];
  for (const key of ["admin", "launcher", "keyvalue"] as const) {
    const own = settings[key];
    // What is wrong by itself was said already.
    if (!group.safeParse(own).success) continue;
    const counts =
      own.count === 0 && settings.regions?.list ? settings.regions.list.map((region) => region.count) : [own.count];
    const least = Math.min(...counts);
    if (own.canaries !== undefined && own.canaries > least) {
      problems.push(
        problem(
          `${root}.${key}.canaries`,
          `${own.canaries} is more than the group's count, ${least}; write ${least} or fewer`,
        ),
      );
    }
    if (own.memoryMax && own.memoryMax.mebibytes < own.memory.mebibytes) {
      problems.push(
        problem(
          `${root}.${key}.memoryMax`,
          `${own.memoryMax} is less than what is reserved, ${own.memory}; write ${own.memory} or more`,
        ),
      );
    }
  }
  const { minHealthyTime, healthyDeadline } = settings.update ?? {};
  if (minHealthyTime?.nanoseconds >= healthyDeadline?.nanoseconds) {
    problems.push(
      problem(`${root}.update.minHealthyTime`, `is not shorter than healthyDeadline, ${healthyDeadline}; shorten it`),
    );
  }
  return problems;
}

function problem(path: string, message: string): Problem {
  return { rule: "settings", path, message, severity: "error" };
}
