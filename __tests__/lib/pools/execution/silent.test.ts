import { NoAnswerError } from "../../../../lib/errors";
import { NomadClient, nomadConnection } from "../../../../lib/nomad";
import { NomadExecutor, type Place } from "../../../../lib/pools";
import { problemOf } from "../../../../lib/service/problem";
import { ExecServer } from "../../../support/exec-server";
import { failure } from "../../../support/failure";

const place: Place = { allocation: "36e10a25-fffa-9aac-dc27-89ad1385e095", task: "web", isolation: "none" };
let server: ExecServer;
let nomad: NomadClient;

/** A Nomad whose agent stands still: it takes connections, and answers nothing. */
async function mute(execs = 40): Promise<NomadExecutor> {
  server = await new ExecServer({ isMute: true, answersRequests: false }).open();
  nomad = new NomadClient({ ...nomadConnection({ NOMAD_ADDR: server.address }), execs });
  return new NomadExecutor(nomad);
}
afterEach(async () => {
  await nomad?.close();
  await server?.close();
});

test("a command whose time is over while Nomad stands still is told so, and is none that took too long", async () => {
  const executor = await mute();
  const error = await failure(executor.execute(place, "true", { timeout: 2500 }));
  expect(error).toBeInstanceOf(NoAnswerError);
  expect(String(error)).toMatch(/no shell started in web of 36e10a25.*nothing was run.*Nomad/);
  expect(problemOf(error)).toMatchObject({ code: "unavailable", message: "Nomad does not answer; ask again" });
});

test("one that waits for its turn until its time is over ran out of time, and one that is cancelled was cancelled", async () => {
  const executor = await mute(1);
  const first = failure(executor.execute(place, "true", { timeout: 4000 }));
  const queued = await executor.execute(place, "true", { timeout: 3000 });
  expect(queued).toMatchObject({ ended: "timeout", exitCode: 124 });
  await first;
  const signal = AbortSignal.timeout(2500);
  expect(await executor.execute(place, "true", { signal })).toMatchObject({ ended: "cancelled", exitCode: 130 });
});
