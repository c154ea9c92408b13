import { term } from "../../text";
import { argument, command, value } from "../command";
import { EXIT } from "../exit-codes";
import { duration, json } from "../options";
import { withService } from "../pool-service";

/** Claims a container, by the service. */
export const poolClaim = command({
  name: "claim",
  summary: "claim a container of a pool, by the service that POOL_SERVICE_ADDR names",
  arguments: { pool: argument("the pool's name") },
  options: {
    owner: value("name", "whose it will be; the token's owner where nothing is said"),
    ttl: value("duration", "how long the lease stands without a call; 60s where nothing is said", duration),
    wait: value("duration", "how long to wait where none is free", duration),
    ...json,
  },
  examples: [
    "cdk-nomad pool claim warm-pool-openai",
    "cdk-nomad pool claim warm-pool-openai --owner user-42 --ttl 10m --json",
  ],
  exitCodes: { [EXIT.ok]: "its id and its generation are printed" },
  interrupted: term`a container may have been claimed; its lease ends by itself`,
  async run({ pool, owner, ttl, wait, json: asJson }, context) {
    const { terminal, signal } = context;
    const wanted = { pool, owner, ttl: ttl?.milliseconds, wait: wait?.milliseconds };
    const claimed = await withService(context, (service) => service.claim(wanted, signal));
    if (asJson) terminal.json(claimed);
    else {
      terminal.print(term`${claimed.id} ${claimed.generation}`);
      terminal.note(
        term`it stands for ${claimed.ttl / 1000} s from its last call: cdk-nomad pool exec ${claimed.id} --generation ${claimed.generation} -- <command>`,
      );
    }
    return EXIT.ok;
  },
});
