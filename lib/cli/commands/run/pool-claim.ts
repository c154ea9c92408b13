import { joinLines, shellQuoted, term } from "../../../text";
import { EXIT } from "../../exit-codes";
import { withService } from "../../pool-service";
import type { CliContext } from "../../context";
import type { Input } from "../pool-claim";

/** Claims a container, by the service. */
export async function run({ pool, owner, ttl, wait, json: asJson }: Input, context: CliContext) {
  const { terminal, signal } = context;
  const wanted = { pool, owner, ttl: ttl?.milliseconds, wait: wait?.milliseconds };
  const claimed = await withService(context, (service) => service.claim(wanted, signal));
  if (asJson) terminal.json(claimed);
  else {
    const { id, generation } = claimed;
    terminal.print(
      joinLines([
        term`container   ${id}`,
        term`generation  ${generation} (the fencing token of this lease: a call that names an older one is refused)`,
      ]),
    );
    terminal.note(
      joinLines([
        term`the lease stands for ${claimed.ttl / 1000} s from its last call`,
        term`  run something in it: cdk-nomad pool exec ${shellQuoted(id)} --generation ${generation} -- <command>`,
        term`  give it back: cdk-nomad pool release ${shellQuoted(id)} --generation ${generation}`,
      ]),
    );
  }
  return EXIT.ok;
}
