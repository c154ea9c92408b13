import { term } from "../../text";
import { argument, command } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";
import { withService } from "../pool-service";
import { GOOD } from "../signs";

/** Has a pool take no new leases, by the service. */
export const poolDrain = command({
  name: "drain",
  summary: "have a pool take no new leases until it is filled again, by the service that POOL_SERVICE_ADDR names",
  arguments: { pool: argument("the pool's name") },
  options: json,
  examples: ["cdk-nomad pool drain warm-pool-openai"],
  exitCodes: { [EXIT.ok]: "it takes no new leases" },
  interrupted: term`the pool may take no new leases: cdk-nomad pool status says it`,
  async run({ pool, json: asJson }, context) {
    const { terminal, signal } = context;
    const drained = await withService(context, (service) => service.drain(pool, signal));
    if (asJson) terminal.json(drained);
    else
      terminal.note(
        term`${GOOD} ${pool} takes no new leases until cdk-nomad pool fill ${pool}; leases that go on: ${drained.leased}`,
      );
    return EXIT.ok;
  },
});
