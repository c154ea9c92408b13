import { shellQuoted, term } from "../../../text";
import { EXIT } from "../../exit-codes";
import { withService } from "../../pool-service";
import { GOOD } from "../../symbols";
import type { CliContext } from "../../context";
import type { Input } from "../pool-drain";

/** Has a pool take no new leases, by the service. */
export async function run({ pool, json: asJson }: Input, context: CliContext) {
  const { terminal, signal } = context;
  const drained = await withService(context, (service) => service.drain(pool, signal));
  if (asJson) terminal.json(drained);
  else
    terminal.note(
      term`${GOOD} ${pool} takes no new leases until cdk-nomad pool fill ${shellQuoted(pool)}; leases that go on: ${drained.leased}`,
    );
  return EXIT.ok;
}
