import { term } from "../../text";
import { argument, command } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";
import { withService } from "../pool-service";
import { GOOD } from "../signs";

/** Has a pool that was drained take leases again, by the service. */
export const poolFill = command({
  name: "fill",
  summary: "have a pool that was drained take leases again, by the service that POOL_SERVICE_ADDR names",
  arguments: { pool: argument("the pool's name") },
  options: json,
  examples: ["cdk-nomad pool fill warm-pool-openai"],
  exitCodes: { [EXIT.ok]: "it takes leases again, and has the size that it had" },
  interrupted: term`the pool may take leases again: cdk-nomad pool status says it`,
  async run({ pool, json: asJson }, context) {
    const { terminal, signal } = context;
    const filled = await withService(context, (service) => service.fill(pool, signal));
    if (asJson) terminal.json(filled);
    else terminal.note(term`${GOOD} ${pool} takes leases again`);
    return EXIT.ok;
  },
});
