import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ServiceClient } from "../../../lib/service/client";
import { UserError } from "../../../lib/errors";
import { failure } from "../../support/failure";

/** How long an answer may take here, in milliseconds. */
const PATIENCE = 300;
const ID = "0f4a1f5e-6a0e-9a7b-7c1c-2f2f5d1f8a11";

let server: Server;
let service: ServiceClient;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    answer(response.on("error", () => undefined));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  service = new ServiceClient({ address, token: undefined }, PATIENCE);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The ways in which a service that hangs, or is killed, leaves its answer. */
const BREAKS: Readonly<Record<string, (response: ServerResponse, status: number) => void>> = {
  "begins and stops": (response, status) => void response.writeHead(status).write('{"id":'),
  "is cut": (response, status) =>
    void response.writeHead(status, { "content-length": 100 }).write('{"id":', () => response.destroy()),
  "comes bit by bit": (response, status) => {
    response.writeHead(status);
    const dripping = setInterval(() => response.write(" "), PATIENCE / 6);
    response.on("close", () => clearInterval(dripping));
  },
};

const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
  claim: async () => service.claim({ pool: "p" }),
  container: async () => service.container(ID),
  release: async () => service.release({ id: ID, generation: 1 }),
  drain: async () => service.drain("p"),
  fill: async () => service.fill("p"),
  recycle: async () => service.recycle("p"),
};

test.each(Object.entries(BREAKS))("an answer that %s is said to be unfinished, whatever was asked", async (_, hang) => {
  for (const status of [200, 500])
    for (const [name, call] of Object.entries(CALLS)) {
      answer = (response) => hang(response, status);
      const error = await failure(call());
      expect([name, error]).toEqual([name, expect.any(UserError)]);
      const unknown = name === "container" ? "" : "; whether it did what was asked is not known";
      expect(error?.message).toMatch(
        new RegExp(`the service at http://127\\.0\\.0\\.1:\\d+ did not finish its answer${unknown}; look`),
      );
    }
});

test.each(Object.entries(BREAKS))("a refusal of a command that %s is said to be unfinished", async (_, hang) => {
  answer = (response) => hang(response, 503);
  const run = service.execute({ id: ID, generation: 1 }, { command: "ls" }, new AbortController().signal);
  expect((await failure(run.next()))?.message).toMatch(/did not finish its answer; whether it did what was asked/);
});
