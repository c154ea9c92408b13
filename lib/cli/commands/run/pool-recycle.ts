import { term } from "../../../text";
import { EXIT } from "../../exit-codes";
import { withService } from "../../pool-service";
import { GOOD } from "../../symbols";
import type { CliContext } from "../../context";
import type { Input } from "../pool-recycle";

/** Replaces the containers of a pool, by the service. */
export async function run({ pool, json: asJson }: Input, context: CliContext) {
  const { terminal, signal } = context;
  const recycled = await withService(context, (service) => service.recycle(pool, signal));
  if (asJson) terminal.json(recycled);
  else
    terminal.note(term`${GOOD} ${recycled.replaced} of ${pool} are replaced now, leased ones when they are released`);
  return EXIT.ok;
}
