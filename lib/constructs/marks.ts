import type { IConstruct } from "constructs";

/** What a construct is to the synthesis of a program, whichever copy of this package made it. */
type Kind = "ClusterConstruct" | "Intentions" | "KeyValues" | "NomadJob" | "StackRecord";

/**
 * Marks a construct as one of a kind, by a symbol that all copies of this package share, as `constructs` and cdktf mark theirs: `instanceof` does not know
 * the constructs of a second copy, which would be synthesized without their verdicts and without a record.
 */
export function mark(construct: IConstruct, kind: Kind): void {
  Object.defineProperty(construct, symbolOf(kind), { value: true });
}

/** Whether a construct was marked as one of a kind. */
export function isMarked(construct: unknown, kind: Kind): boolean {
  return typeof construct === "object" && construct !== null && symbolOf(kind) in construct;
}

function symbolOf(kind: Kind): symbol {
  return Symbol.for(`cdk-nomad.${kind}`);
}
