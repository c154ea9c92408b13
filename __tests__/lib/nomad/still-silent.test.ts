import fc from "fast-check";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { apiPath, isSilent, isStillSilent, NomadClient, nomadConnection } from "../../../lib/nomad";
import { withRetries } from "../../../lib/operations/events";
import { draws } from "../../support/draws";
import { failure } from "../../support/failure";

/** What is borne as silence here, in milliseconds. */
const SILENCE = 400;

/** The ways in which a server takes a request and gives no whole answer. */
const HANGS = {
  mute: () => undefined,
  "half an answer": (response) => void response.write("["),
  "a byte now and then": (response) => {
    const dripping = setInterval(() => response.write(" "), SILENCE / 6);
    response.on("close", () => clearInterval(dripping));
  },
  promises: (response) => {
    const promising = setInterval(() => response.writeEarlyHints({ link: "</style.css>; rel=preload" }), SILENCE / 6);
    response.on("close", () => clearInterval(promising));
  },
} as const satisfies Record<string, (response: ServerResponse) => void>;
type Hang = keyof typeof HANGS;

let server: Server;
let nomad: NomadClient;
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((_request, response) => {
    response.setHeader("x-nomad-index", "7");
    answer(response.on("error", () => undefined));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  nomad = clientOf(server);
});
afterEach(async () => {
  await nomad.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function clientOf(asked: Server): NomadClient {
  const address = `http://127.0.0.1:${(asked.address() as AddressInfo).port}`;
  return new NomadClient({ ...nomadConnection({ NOMAD_ADDR: address }), silence: SILENCE });
}

const well = (response: ServerResponse) => void response.end("[]");
const late = (response: ServerResponse) => void setTimeout(() => well(response), SILENCE * 0.6);

/** How long each of several questions lasts that are asked one after another, in silences; none of them is answered. */
async function lasting(hangs: readonly Hang[]): Promise<readonly number[]> {
  const lasted: number[] = [];
  for (const hang of hangs) {
    answer = HANGS[hang];
    const asked = performance.now();
    const error = await failure(nomad.jobs());
    lasted.push((performance.now() - asked) / SILENCE);
    expect([hang, isSilent(error), isStillSilent(error)]).toEqual([hang, true, lasted.length > 1]);
    expect(error?.message).toMatch(/^Nomad at http:/);
  }
  return lasted;
}

describe("a server that hangs", () => {
  test("is waited for once, however many things are asked of it, and borne anew once it answers", async () => {
    const hang = fc.constantFrom(...(Object.keys(HANGS) as Hang[]));
    await fc.assert(
      fc.asyncProperty(fc.array(hang, { minLength: 3, maxLength: 6 }), async (hangs) => {
        await nomad.close();
        nomad = clientOf(server);
        const [, ...others] = await lasting(hangs);
        // Of a machine that is busy some of them may be late, and hardly all.
        expect(Math.min(...others)).toBeLessThan(0.9);
        answer = well;
        expect(await nomad.jobs()).toEqual([]);
        answer = late;
        expect(await nomad.jobs()).toEqual([]);
      }),
      { numRuns: draws(2) },
    );
  }, 60_000);

  test("is said to have been silent before, without another try", async () => {
    answer = HANGS.mute;
    await failure(nomad.jobs());
    let asked = 0;
    const ask = () => {
      asked += 1;
      return nomad.jobs();
    };
    const error = await failure(withRetries(ask));
    expect(error?.message).toMatch(
      /said nothing for \d s to GET \/v1\/jobs either, after it had been silent before; look/,
    );
    expect(asked).toBe(1);
  });

  test("may take its time for the rest of an answer that has begun, once it answers again", async () => {
    answer = HANGS.mute;
    await failure(nomad.jobs());
    answer = (response) => {
      response.write("[");
      setTimeout(() => response.end("]"), SILENCE / 4);
    };
    expect(await nomad.jobs()).toEqual([]);
  });

  test("does not shorten what is meant to last, as a blocking query is", async () => {
    answer = HANGS.mute;
    await failure(nomad.jobs());
    answer = late;
    await expect(nomad.http.waitFor(apiPath`/v1/jobs`, { seconds: 0.1 })).resolves.toBe(7);
  });
});
