import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as v from "valibot";
import { ForeignAnswer } from "../../../lib/errors";
import { VaultClient } from "../../../lib/local/vault/client";
import { apiPath } from "../../../lib/nomad";

const PATH = apiPath`/v1/sys/mounts`;
const schema = v.object({ data: v.object({ accessor: v.string() }) });

/** What a client is told by a server that answers with whatever is written. */
async function told(answer: (response: ServerResponse) => void): Promise<unknown> {
  const server = createServer((_request, response) => {
    response.on("error", () => undefined);
    answer(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const client = new VaultClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { whole: 500 });
  try {
    return await client.get(PATH, schema).catch((error: unknown) => error);
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Writes the same for as long as somebody reads. */
function endless(response: ServerResponse, piece: string, pause: number): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(piece), pause);
  response.on("close", () => clearInterval(timer));
}

test.each<[string, (response: ServerResponse) => void, RegExp]>([
  ["has no end", (response) => endless(response, " ".repeat(1024 * 1024), 1), /it is larger than 4 MiB|has no end/],
  ["has no end, and comes bit by bit", (response) => endless(response, " ", 10), /it has no end after/],
  ["is a page", (response) => response.end("<html>winter-night</html>"), /it is no JSON/],
  [
    "is of somebody else",
    (response) => response.end('{"data":{"accessor":["winter-night"]}}'),
    /data\.accessor is not/,
  ],
  ["is a list", (response) => response.end('["winter-night"]'), /the whole answer is not|data is not/],
  ["is nothing", (response) => response.end(), /it is no JSON/],
])("an answer that %s is refused in words, with its address and none of what it says", async (_what, answer, words) => {
  const error = await told(answer);
  expect(error).toBeInstanceOf(ForeignAnswer);
  expect(String(error)).toMatch(words);
  expect(String(error)).toMatch(
    /^\w+: the answer to GET \/v1\/sys\/mounts is not one of Vault's: .*http:\/\/127\.0\.0\.1:\d+$/,
  );
  expect(String(error)).not.toContain("winter");
});

test("what it says no to is told, and not what was sent", async () => {
  const error = await told((response) => response.writeHead(403).end('{"errors":["permission denied"]}'));
  expect(String(error)).toBe("VaultError: Vault answered GET /v1/sys/mounts with 403: permission denied");
});
