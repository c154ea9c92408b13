import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isSilent, NomadClient, nomadConnection } from "../../../lib/nomad";
import { failure } from "../../support/failure";

/** What is borne as silence here, in milliseconds; three of them pass before an answer of which hardly anything comes is given up. */
const SILENCE = 100;

let server: Server;
let nomad: NomadClient;
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((_request, response) => answer(response.on("error", () => undefined))).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  nomad = new NomadClient({ ...nomadConnection({ NOMAD_ADDR: address }), silence: SILENCE });
});
afterEach(async () => {
  await nomad.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Writes pieces one after another, with a pause before each. */
function drip(response: ServerResponse, pieces: Iterable<string>, pause: number): void {
  const iterator = pieces[Symbol.iterator]();
  response.setHeader("x-nomad-index", "7");
  const next = () => {
    const piece = iterator.next();
    if (piece.done === true || response.destroyed) return void response.end();
    response.write(piece.value);
    setTimeout(next, pause);
  };
  next();
}

function* repeated(first: string, piece: string, count: number, last: string): Generator<string> {
  yield first;
  for (let at = 0; at < count; at += 1) yield piece;
  yield last;
}

test("a large answer that comes steadily has the time that it takes", async () => {
  answer = (response) => drip(response, repeated("[", " ".repeat(64 * 1024), 60, "]"), 30);
  const started = performance.now();
  expect(await nomad.jobs()).toEqual([]);
  expect(performance.now() - started).toBeGreaterThan(3 * SILENCE);
});

test("one of which hardly anything comes is given up, with how much came", async () => {
  answer = (response) => drip(response, repeated("[", " ", 1_000_000, "]"), 20);
  const error = await failure(nomad.jobs());
  expect(error?.message).toMatch(/took more than \d+ s to answer GET \/v1\/jobs, and had sent \d+ bytes then/);
  expect(isSilent(error)).toBe(true);
});

test("one that stops is silent", async () => {
  answer = (response) => response.write("[");
  expect(isSilent(await failure(nomad.jobs()))).toBe(true);
});

test("one that is promised for ever is silent too", async () => {
  answer = (response) => {
    const promising = setInterval(() => response.writeEarlyHints({ link: "</style.css>; rel=preload" }), 20);
    response.on("close", () => clearInterval(promising));
  };
  expect(isSilent(await failure(nomad.jobs()))).toBe(true);
});
