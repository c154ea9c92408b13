import { recorded, ReplayServer } from "../../__tests__/support/replay";
import { NomadClient, nomadConnection } from "../../lib/nomad";

/** How long a list of so many allocations takes from the question to the checked answer: milliseconds, the best of three. */
export async function allocationsRead(count: number): Promise<number> {
  const answer = recorded("failed").nomad["GET /v1/job/web/allocations"];
  const [allocation] = (typeof answer === "object" && "body" in answer ? answer.body : []) as readonly object[];
  const body = JSON.stringify(Array.from({ length: count }, () => allocation));
  const server = await new ReplayServer({ "GET /v1/allocations": { body } }).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  const times: number[] = [];
  try {
    for (let round = 0; round < 3; round += 1) {
      const begun = performance.now();
      await nomad.allAllocations();
      times.push(performance.now() - begun);
    }
  } finally {
    await nomad.close();
    await server.close();
  }
  return Math.min(...times);
}
