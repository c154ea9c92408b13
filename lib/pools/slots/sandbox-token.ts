import { UserError } from "../../errors";
import { textOf, type NomadClient } from "../../nomad";
import type { Place } from "../execution";
import { READ_TOKEN } from "../sandbox";

const LONGEST = 4096;
const PATIENCE = 10_000;

/**
 * Reads the token that a sandbox made for itself, by a command in its allocation: it stands nowhere else, and who may run commands there may have
 * it.
 *
 * @throws UserError where there is none; what Nomad says, where it may not be read
 */
export async function readSandboxToken(nomad: NomadClient, { allocation, task }: Place): Promise<string> {
  const session = await nomad.exec(allocation, task, READ_TOKEN, { signal: AbortSignal.timeout(PATIENCE) });
  // What the command says is of no use where it fails; it is read so that it ends.
  const said = Promise.all([textOf(session.stdout, LONGEST), textOf(session.stderr, LONGEST), session.exitCode]);
  await session.end();
  const [text, , code] = await said;
  const token = text.trim();
  if (code !== 0 || !/^[\x21-\x7e]+$/.test(token))
    throw UserError.at(
      "token",
      `the sandbox ${allocation} has no token to read (its own file is missing or empty); give the pool its token, or null where it asks for none`,
      "slot-pool/token",
    );
  return token;
}
