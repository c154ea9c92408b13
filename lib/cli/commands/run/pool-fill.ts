import { term } from "../../../text";
import { EXIT } from "../../exit-codes";
import { withService } from "../../pool-service";
import { GOOD } from "../../symbols";
import type { CliContext } from "../../context";
import type { Input } from "../pool-fill";

/** Has a pool that was drained take leases again, by the service. */
export async function run({ pool, json: asJson }: Input, context: CliContext) {
  const { terminal, signal } = context;
  const filled = await withService(context, (service) => service.fill(pool, signal));
  if (asJson) terminal.json(filled);
  else terminal.note(term`${GOOD} ${pool} takes leases again`);
  return EXIT.ok;
}
