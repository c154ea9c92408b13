import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Listener } from "../../support/listener";
import { cli, environment } from "../../support/run-cli";

const TOKEN = "0f8fad5b-d9cb-469f-a165-70867728950e";
const PASSWORD = "violet-harbour-93";
let folder: string;
let server: Listener;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-secrets-"));
  writeFileSync(join(folder, "token"), `${TOKEN}\n`);
  writeFileSync(join(folder, "cdktf.json"), '{ "language": "typescript", "app": "true" }');
  // What somebody in between repeats of what came in.
  const page = `<html><head><title>${TOKEN} ${PASSWORD}</title></head></html>`;
  server = await new Listener({ answer: () => page }).open();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each<[string, () => Readonly<Record<string, string>>]>([
  ["in variables", () => ({ CONSUL_HTTP_TOKEN: TOKEN, NOMAD_TOKEN: TOKEN, NOMAD_HTTP_AUTH: `ann:${PASSWORD}` })],
  [
    "in a file, and in another's variable",
    () => ({ CONSUL_HTTP_TOKEN_FILE: join(folder, "token"), CONSUL_HTTP_AUTH: `ann:${PASSWORD}` }),
  ],
])("no secret of a connection is printed, whoever repeats it: %s", async (_name, secrets) => {
  const address = `http://127.0.0.1:${server.port}`;
  const { stdout, stderr } = await cli(["ls"], {
    cwd: folder,
    env: environment({ NOMAD_ADDR: address, CONSUL_HTTP_ADDR: address, ...secrets() }),
  });
  const text = stdout + stderr;
  expect(text).toContain("page of HTML (200: ••••••");
  expect(text).not.toContain(TOKEN);
  expect(text).not.toContain(PASSWORD);
});

test("what is wrong with the variables is told at once, all of it, before anybody is asked", async () => {
  const asked = server.seen.length;
  const { code, stderr } = await cli(["ls"], {
    cwd: folder,
    env: environment({ NOMAD_ADDR: "nowhere at all", NOMAD_SKIP_VERIFY: "maybe", HTTPS_PROXY: "socks5://planted@a" }),
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/NOMAD_ADDR: "nowhere at all" is no address/);
  expect(stderr).toMatch(/NOMAD_SKIP_VERIFY: "maybe" is neither true nor false/);
  expect(server.seen).toHaveLength(asked);
});
