import {
  Affinity,
  Check,
  Connect,
  Constraint,
  Duration,
  Lifecycle,
  Network,
  Periodic,
  Port,
  Reschedule,
  Restart,
  Template,
  Update,
  Upstream,
  Vault,
  VolumeRequest,
  type Block,
} from "../jobspec";

/** A named constructor that makes a block: its name, and what it is given. */
export interface Named {
  readonly name: string;
  /** Values in their order, before the properties. */
  readonly values?: readonly unknown[];
  /** The properties that the values are, in the same order, where each is one. */
  readonly properties?: readonly string[];
  /** Properties that the name or the values say already. */
  readonly covered: readonly string[];
  /** Whether the rest is given as properties; else nothing may be left. */
  readonly rest: "props" | "optional-props" | "none";
}

// A rule per class: which of its named constructors says what the block says. Where none does, it is made with `new`.
type Rule<T> = (block: T) => Named | undefined;

const rules = new Map<unknown, Rule<never>>();

function rule<T extends Block>(type: abstract new (...args: never[]) => T, find: Rule<T>): void {
  rules.set(type, find as Rule<never>);
}

/** The named constructor for a block, if there is one. */
export function namedConstructor(block: Block): Named | undefined {
  const find = rules.get(block.constructor) as Rule<Block> | undefined;
  return find?.(block);
}

rule(Update, ({ canary, autoPromote }) => {
  if (canary !== undefined && canary > 0) return { name: "canary", covered: [], rest: "props" };
  return canary === undefined && autoPromote === undefined
    ? { name: "rolling", covered: [], rest: "optional-props" }
    : undefined;
});

rule(Restart, ({ mode, attempts, interval, delay, renderTemplates }) => {
  const bare = interval === undefined && delay === undefined && renderTemplates === undefined;
  if (mode === "fail" && attempts === 0 && bare) return { name: "never", covered: ["mode", "attempts"], rest: "none" };
  if (mode === "fail") return { name: "fail", covered: ["mode"], rest: "optional-props" };
  return mode === "delay" ? { name: "delay", covered: ["mode"], rest: "optional-props" } : undefined;
});

rule(Reschedule, ({ attempts, interval, unlimited, delay, delayFunction, maxDelay }) => {
  const limits = ["attempts", "interval", "unlimited"];
  if (unlimited === true && attempts === 0 && interval === undefined)
    return { name: "unlimited", covered: limits, rest: "optional-props" };
  if (unlimited !== false || attempts === undefined) return undefined;
  const bare = delay === undefined && delayFunction === undefined && maxDelay === undefined;
  if (attempts === 0 && interval === undefined && bare) return { name: "never", covered: limits, rest: "none" };
  if (attempts === 0 || interval === undefined) return undefined;
  return { name: "limited", values: [attempts, interval], covered: limits, rest: "optional-props" };
});

const USUAL = { interval: Duration.seconds(10).nanoseconds, timeout: Duration.seconds(2).nanoseconds };

rule(Check, ({ type, interval, timeout, path, command }) => {
  if (!interval || !timeout || !["http", "tcp", "grpc", "script"].includes(type)) return undefined;
  if ((type === "http" && !path) || (type === "script" && !command)) return undefined;
  const covered = ["type"];
  if (interval.nanoseconds === USUAL.interval) covered.push("interval");
  if (timeout.nanoseconds === USUAL.timeout) covered.push("timeout");
  return { name: type, covered, rest: type === "http" || type === "script" ? "props" : "optional-props" };
});

rule(Port, ({ label, static: number }) => {
  if (number === undefined || number === 0) {
    if (!label || number === 0)
      return label
        ? { name: "dynamic", values: [label], covered: ["label", "static"], rest: "optional-props" }
        : undefined;
    return { name: "dynamic", values: [label], covered: ["label"], rest: "optional-props" };
  }
  return {
    name: "static",
    values: [label, number],
    properties: ["label", "static"],
    covered: ["label", "static"],
    rest: "optional-props",
  };
});

rule(Network, ({ mode, ports }) => {
  if (mode !== "host" && mode !== "bridge") return undefined;
  return { name: mode, values: [...(ports ?? [])], covered: ["mode", "ports"], rest: "none" };
});

const BY_OPERATOR: ReadonlyMap<string, string> = new Map([
  ["=", "equals"],
  ["!=", "differs"],
  ["regexp", "matches"],
  ["version", "version"],
  ["semver", "semver"],
  [">", "moreThan"],
  [">=", "atLeast"],
  ["<", "lessThan"],
  ["<=", "atMost"],
]);

const OF_SETS: ReadonlyMap<string, string> = new Map([
  ["set_contains_all", "containsAll"],
  ["set_contains_any", "containsAny"],
]);

const OF_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ["is_set", "isSet"],
  ["is_not_set", "isNotSet"],
]);

rule(Constraint, ({ attribute, operator, value }) => {
  const covered = ["attribute", "operator", "value"];
  const two = BY_OPERATOR.get(operator as string);
  if (two && attribute !== undefined && value !== undefined)
    return { name: two, values: [attribute, value], properties: ["attribute", "value"], covered, rest: "none" };
  const ofSet = OF_SETS.get(operator as string);
  if (ofSet && attribute !== undefined && value && !/(?:^|,)\s|\s(?:,|$)/.test(value))
    return { name: ofSet, values: [attribute, ...value.split(",")], covered, rest: "none" };
  const alone = OF_ATTRIBUTES.get(operator as string);
  if (alone && attribute !== undefined && !value) return { name: alone, values: [attribute], covered, rest: "none" };
  if (operator === "distinct_hosts" && !attribute && value === "true")
    return { name: "distinctHosts", covered, rest: "none" };
  if (operator !== "distinct_property" || !attribute || !/^[1-9]\d*$/.test(value ?? "")) return undefined;
  return {
    name: "distinctProperty",
    values: value === "1" ? [attribute] : [attribute, Number(value)],
    covered,
    rest: "none",
  };
});

rule(Affinity, ({ attribute, operator, value, weight }) => {
  if (operator !== "=" || attribute === undefined || value === undefined || !weight) return undefined;
  const strength = Math.abs(weight) === 50 ? [] : [Math.abs(weight)];
  const covered = ["attribute", "operator", "value", "weight"];
  return { name: weight > 0 ? "prefer" : "avoid", values: [attribute, value, ...strength], covered, rest: "none" };
});

rule(Lifecycle, ({ hook, sidecar }) => {
  const covered = ["hook", "sidecar"];
  if (hook === "prestart" && sidecar === true) return { name: "sidecar", covered, rest: "none" };
  if (hook === "poststop" && !sidecar) return { name: "poststop", covered, rest: "none" };
  if (sidecar) return undefined;
  return hook === "prestart" || hook === "poststart" ? { name: hook, covered, rest: "none" } : undefined;
});

rule(Template, ({ destination, data, env }) => {
  if (destination === undefined || data === undefined) return undefined;
  if (env === true)
    return {
      name: "env",
      values: [destination, data],
      properties: ["destination", "data"],
      covered: ["destination", "data", "env"],
      rest: "optional-props",
    };
  return env === undefined
    ? {
        name: "file",
        values: [destination, data],
        properties: ["destination", "data"],
        covered: ["destination", "data"],
        rest: "optional-props",
      }
    : undefined;
});

rule(VolumeRequest, ({ name, type, source, accessMode, attachmentMode }) => {
  if (type === "csi" && accessMode && attachmentMode)
    return {
      name: "csi",
      values: [name, source ?? ""],
      properties: ["name", "source"],
      covered: ["name", "type", "source"],
      rest: "props",
    };
  return type === "host"
    ? {
        name: "host",
        values: [name, source ?? ""],
        properties: ["name", "source"],
        covered: ["name", "type", "source"],
        rest: "optional-props",
      }
    : undefined;
});

rule(Vault, ({ role, policies }) =>
  role && policies === undefined
    ? { name: "role", values: [role], properties: ["role"], covered: ["role"], rest: "optional-props" }
    : undefined,
);

rule(Connect, ({ native, sidecarService, sidecarTask, gateway }) => {
  const covered = ["native", "sidecarService", "sidecarTask", "gateway"];
  if (native && !sidecarService && !sidecarTask && !gateway) return { name: "native", covered, rest: "none" };
  if (native || (sidecarService && gateway)) return undefined;
  const task = sidecarTask ? [sidecarTask] : [];
  if (gateway) return { name: "gateway", values: [gateway, ...task], covered, rest: "none" };
  return sidecarService ? { name: "sidecar", values: [sidecarService, ...task], covered, rest: "none" } : undefined;
});

rule(Periodic, ({ cron, crons, specType }) => {
  if (specType !== undefined && specType !== "cron") return undefined;
  const covered = ["cron", "crons"];
  // Nomad's older field for one expression has no constructor of its own.
  if (cron !== undefined || !crons?.length) return undefined;
  const [only] = crons;
  if (crons.length === 1) return { name: "cron", values: [only], covered, rest: "optional-props" };
  return { name: "crons", values: [crons], covered, rest: "optional-props" };
});

rule(Upstream, ({ destinationName, localBindPort }) =>
  destinationName && localBindPort
    ? {
        name: "to",
        values: [destinationName, localBindPort],
        properties: ["destinationName", "localBindPort"],
        covered: ["destinationName", "localBindPort"],
        rest: "optional-props",
      }
    : undefined,
);
