import { term } from "../../text";
import { argument, command } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";
import { withService } from "../pool-service";
import { GOOD } from "../signs";

/** Replaces the containers of a pool, by the service. */
export const poolRecycle = command({
  name: "recycle",
  summary:
    "replace the containers of a pool, by the service that POOL_SERVICE_ADDR names: leased ones when they are released",
  arguments: { pool: argument("the pool's name") },
  options: json,
  examples: ["cdk-nomad pool recycle warm-pool-openai"],
  exitCodes: { [EXIT.ok]: "each is replaced, now or when it is released" },
  interrupted: term`some may have been replaced; the command may be repeated`,
  async run({ pool, json: asJson }, context) {
    const { terminal, signal } = context;
    const recycled = await withService(context, (service) => service.recycle(pool, signal));
    if (asJson) terminal.json(recycled);
    else
      terminal.note(term`${GOOD} ${recycled.replaced} of ${pool} are replaced now, leased ones when they are released`);
    return EXIT.ok;
  },
});
