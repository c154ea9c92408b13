import { joinLines, term } from "../../text";
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
  exitCodes: {
    [EXIT.ok]:
      "the container's id is printed, with its lease's generation: the fencing token, by which calls of a lease that has ended are refused",
    [EXIT.failed]: "an error, or none is free",
  },
  interrupted: term`a container may have been claimed; its lease ends by itself`,
  async run({ pool, owner, ttl, wait, json: asJson }, context) {
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
          term`  run something in it: cdk-nomad pool exec ${id} --generation ${generation} -- <command>`,
          term`  give it back: cdk-nomad pool release ${id} --generation ${generation}`,
        ]),
      );
    }
    return EXIT.ok;
  },
});
