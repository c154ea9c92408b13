import { createPublicKey } from "node:crypto";
import * as v from "valibot";
import { UserError } from "../../errors";
import { apiPath } from "../../nomad";
import { nomadOf, untilDone, type Guarded } from "./acl";
import type { NomadAgent } from "../agents";

const published = v.object({ keys: v.pipe(v.array(v.looseObject({ kty: v.string() })), v.minLength(1)) });

/** How the keys of a Nomad are asked for. */
export interface KeysOptions {
  /** Whether it is this Nomad's own process that answers at its port. */
  readonly answersItself: () => boolean;
  /** What keeps everybody else out of it now. Default: nothing does */
  readonly guard?: Guarded;
  readonly signal?: AbortSignal;
}

/**
 * The public keys with which a Nomad signs the identities of workloads, as PEM. They are handed to whoever is to believe these identities: who is told an
 * address in their place reads them there again at each login, and whoever takes the port of a Nomad that has ended would say which they are.
 *
 * @throws UserError where it is not this Nomad that answers, or it has no keys yet after 20 s
 * @see https://developer.hashicorp.com/nomad/api-docs/operator/keyring#list-active-public-keys
 */
export async function identityKeys(
  agent: NomadAgent,
  { answersItself, guard, signal }: KeysOptions,
): Promise<readonly string[]> {
  const nomad = nomadOf(agent, undefined, guard);
  try {
    return await untilDone(async () => {
      const before = answersItself();
      const { keys } = await nomad.http.get(apiPath`/.well-known/jwks.json`, published);
      // Before and after: nobody can have had the port between, since a port that is held changes hands only when its holder ends.
      if (!before || !answersItself())
        throw UserError.at("", `somebody else answers at ${nomad.address} than ${agent.name}`, "agent");
      return keys.map((key) =>
        createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }).toString(),
      );
    }, signal);
  } finally {
    await nomad.close();
  }
}
