import { findDrift, type Drift, type FoundDrift, type Owners } from "../operations";
import type { CliContext } from "./context";
import type { OpenStack } from "./open-stack";
import { belongingsOf, ownersOf, withBelongings, withoutForeign, type Belongings } from "./stack-owners";

/** What differs between a stack and its cluster. */
export interface StackDrift {
  /** All of it, as it is told. */
  readonly found: Drift;
  /** With the plans that put it right. */
  readonly differing: FoundDrift;
  readonly belongings: Belongings;
  /** The stack without the jobs that are another's. */
  readonly contents: OpenStack["contents"];
}

/** Compares a stack with its cluster. @param owners who brought what. Default: it is asked */
export async function foundDrift(stack: OpenStack, context: CliContext, owners?: Owners): Promise<StackDrift> {
  const { environment, nomad, consul } = stack;
  const { terminal, signal } = context;
  terminal.progress().step("comparing with Nomad and Consul");
  const belongings = await belongingsOf(stack, owners ?? (await ownersOf(stack, context)), context);
  const contents = withoutForeign(stack.contents, belongings.foreign);
  const differing = await findDrift(environment, contents, { nomad, consul, masking: terminal.masking, signal });
  return { found: withBelongings(differing.drift, belongings), differing, belongings, contents };
}
