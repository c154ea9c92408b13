import { term } from "../../../text";
import { EXIT } from "../../exit-codes";
import { withService } from "../../pool-service";
import { GOOD } from "../../symbols";
import type { CliContext } from "../../context";
import type { Input } from "../pool-release";

/** Releases a container, by the service. */
export async function run({ id, generation: given, json: asJson }: Input, context: CliContext) {
  const { terminal, signal } = context;
  const released = await withService(context, async (service) => {
    const held = given ?? (await service.container(id, signal)).generation;
    await service.release({ id, generation: held }, signal);
    return { id, generation: held };
  });
  if (asJson) terminal.json(released);
  else terminal.note(term`${GOOD} ${id} is released`);
  return EXIT.ok;
}
