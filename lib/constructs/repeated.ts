import { ConfigEntry } from "@cdktf/provider-consul/lib/config-entry";
import { TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import type { Problem } from "../errors";
import { isKnown } from "../jobspec/host";
import type { ConstructProblem } from "./allowed";
import { KeyValues } from "./consul";
import { NomadJob } from "./nomad-job";

/**
 * Constructs of one stack that are one and the same thing on its cluster, such as two jobs of one id: each deployment would write the one over the other. What
 * is known only when it is deployed is nobody's double.
 *
 * @param constructs those of a program
 */
export function repeated(constructs: readonly IConstruct[]): readonly ConstructProblem[] {
  return [...repeatedThings(constructs), ...sharedPrefixes(constructs)];
}

/** What there can be one of on a cluster. */
interface Thing {
  /** What tells it from others. */
  readonly identity: readonly (string | undefined)[];
  readonly problem: (first: string) => Problem;
}

function repeatedThings(constructs: readonly IConstruct[]): readonly ConstructProblem[] {
  const seen = new Map<string, IConstruct>();
  return constructs.flatMap((construct) => {
    const thing = NomadJob.isNomadJob(construct)
      ? jobThing(construct)
      : construct instanceof ConfigEntry
        ? entryThing(construct)
        : undefined;
    if (!thing?.identity.every(isKnown)) return [];
    const key = JSON.stringify([TerraformStack.of(construct).node.path, ...thing.identity]);
    const first = seen.get(key);
    if (first) return [{ construct, problem: thing.problem(first.node.path) }];
    seen.set(key, construct);
    return [];
  });
}

function jobThing({ job, provider }: NomadJob): Thing {
  const { id, region, namespace } = job;
  return {
    identity: ["job", id, region, namespace, provider?.alias],
    problem: (first) => ({
      rule: "job/repeated",
      path: ["id"],
      message: `"${id}" is the id of ${first} too, so each deployment would write the one over the other; write another id, or another namespace`,
      severity: "error",
    }),
  };
}

function entryThing({ kindInput, nameInput }: ConfigEntry): Thing {
  return {
    identity: ["entry", kindInput, nameInput],
    problem: (first) => ({
      rule: "consul/repeated",
      path: [],
      message: `Consul has one ${kindInput} of "${nameInput}", and ${first} writes it too; write both in one construct`,
      severity: "error",
    }),
  };
}

/** Values below a prefix that others have too: each removes what it does not know. */
function sharedPrefixes(constructs: readonly IConstruct[]): readonly ConstructProblem[] {
  const all = constructs.filter((each) => KeyValues.isKeyValues(each)).filter(({ prefix }) => isKnown(prefix));
  return all.flatMap((construct, index) => {
    const stack = TerraformStack.of(construct);
    const other = all.find(
      (each, place) =>
        each !== construct &&
        TerraformStack.of(each) === stack &&
        construct.prefix.startsWith(each.prefix) &&
        (construct.prefix !== each.prefix || place < index),
    );
    if (!other) return [];
    const message = `"${construct.prefix}" is below "${other.prefix}" of ${other.node.path}, which removes every key there that is not its own; write both in one construct, or another prefix`;
    return [{ construct, problem: { rule: "keys/repeated", path: ["prefix"], message, severity: "error" } }];
  });
}
