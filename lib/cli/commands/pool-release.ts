import { term } from "../../text";
import { argument, command, value } from "../command";
import { EXIT } from "../exit-codes";
import { json, wholeNumber } from "../options";
import { withService } from "../pool-service";
import { GOOD } from "../signs";

/** The option that every command with a container has. */
export const generation = {
  generation: value(
    "number",
    "the lease's generation, which is its fencing token, as claim printed it; where nothing is said, that of the lease that stands now",
    wholeNumber,
  ),
};

/** Releases a container, by the service. */
export const poolRelease = command({
  name: "release",
  summary:
    "release a container, by the service that POOL_SERVICE_ADDR names; it is replaced before anybody else has it",
  arguments: { id: argument("the container's id") },
  options: { ...generation, ...json },
  examples: ["cdk-nomad pool release 0f4a1f5e-6a0e-9a7b-7c1c-2f2f5d1f8a11 --generation 7"],
  exitCodes: { [EXIT.ok]: "it is released" },
  interrupted: term`it may be released: cdk-nomad pool status says it`,
  async run({ id, generation: given, json: asJson }, context) {
    const { terminal, signal } = context;
    const released = await withService(context, async (service) => {
      const held = given ?? (await service.container(id, signal)).generation;
      await service.release({ id, generation: held }, signal);
      return { id, generation: held };
    });
    if (asJson) terminal.json(released);
    else terminal.note(term`${GOOD} ${id} is released`);
    return EXIT.ok;
  },
});
