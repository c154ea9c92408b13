import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterVariables, isEmbedded, refuseConsulOfAnother } from "../../../lib/cli/context";
import { EmbeddedCluster } from "../../../lib/local";
import { makeTokens } from "../../../lib/local/access/tokens";
import { Masking } from "../../../lib/masking";
import type { Terminal } from "../../../lib/cli/terminal";
import { reservePorts } from "../../support/ports";

let folder: string;
let tokens: ReturnType<typeof makeTokens>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  mkdirSync(join(folder, "x"), { recursive: true });
  writeFileSync(join(folder, "cluster.json"), JSON.stringify({ format: 1, portOffset: 0, agents: {}, closed: true }));
  tokens = makeTokens(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const OWN = { NOMAD_ADDR: "http://127.0.0.1:4646", CONSUL_HTTP_ADDR: "http://127.0.0.1:8500" };
const FAR = { NOMAD_ADDR: "https://nomad.example.com", CONSUL_HTTP_ADDR: "https://consul.example.com" };

function variablesWith(env: Readonly<Record<string, string>>, answers: () => boolean = () => true) {
  const masking = new Masking();
  const found = clusterVariables({ env, terminal: { masking } as Terminal }, new EmbeddedCluster(folder, answers));
  return { found, masking };
}

test("the embedded cluster is asked with its own tokens, also where the variables name its address", () => {
  const own = { NOMAD_TOKEN: tokens.nomad, CONSUL_HTTP_TOKEN: tokens.consul };
  expect(variablesWith({}).found).toEqual({ ...OWN, ...own });
  expect(variablesWith(OWN).found).toEqual({ ...OWN, ...own });
});

test("a token of another cluster does not go to the embedded one, unless its address is said with it", () => {
  expect(variablesWith({ NOMAD_TOKEN: "prod" }).found.NOMAD_TOKEN).toBe(tokens.nomad);
  expect(variablesWith({ ...OWN, NOMAD_TOKEN: "a-reader" }).found.NOMAD_TOKEN).toBe("a-reader");
});

test.each([
  ["http://localhost:4646", "localhost:8500", OWN.NOMAD_ADDR],
  ["http://127.0.0.1:4646/", "http://localhost:8500/", OWN.NOMAD_ADDR],
  ["http://[::1]:4646", "[::1]:8500", OWN.NOMAD_ADDR],
  ["http://127.1:4646", "http://2130706433:8500", OWN.NOMAD_ADDR],
  ["http://0.0.0.0:4646", "http://[::]:8500", OWN.NOMAD_ADDR],
  ["http://LOCALHOST.:4646", "http://nomad.localhost:8500", OWN.NOMAD_ADDR],
  ["http://[::ffff:127.0.0.1]:4646", "http://[::ffff:7f00:1]:8500", OWN.NOMAD_ADDR],
  ["http://127.0.0.1:4746", "127.0.0.1:8500", "http://127.0.0.1:4746"],
])("the embedded cluster is known by every name that it has, and asked at its own address: %s", (nomad, consul, at) => {
  const state = { format: 1, portOffset: 0, agents: {}, closed: true, regions: ["us-west", "us-east"] };
  writeFileSync(join(folder, "cluster.json"), JSON.stringify(state));
  const named = { NOMAD_ADDR: nomad, CONSUL_HTTP_ADDR: consul };
  const own = { NOMAD_TOKEN: tokens.nomad, CONSUL_HTTP_TOKEN: tokens.consul };
  expect(variablesWith(named).found).toEqual({ NOMAD_ADDR: at, CONSUL_HTTP_ADDR: OWN.CONSUL_HTTP_ADDR, ...own });
  expect(isEmbedded(named, new EmbeddedCluster(folder))).toBe(true);
});

test("where it does not listen, it is not: whoever does is told nothing", () => {
  for (const address of [
    "https://127.0.0.1:4646",
    "http://127.0.0.2:4646",
    "http://localhost:4647",
    "http://localhost.example:4646",
  ])
    expect(variablesWith({ NOMAD_ADDR: address }).found).toEqual({ NOMAD_ADDR: address });
});

test("the embedded Consul is nobody's who names a Nomad elsewhere, and a stack that needs one is told", () => {
  const far = { NOMAD_ADDR: FAR.NOMAD_ADDR };
  expect(variablesWith(far).found).toEqual(far);
  const named = { ...far, CONSUL_HTTP_ADDR: OWN.CONSUL_HTTP_ADDR };
  expect(variablesWith(named).found.CONSUL_HTTP_TOKEN).toBe(tokens.consul);
  const project = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  try {
    writeFileSync(join(project, "cdktf.json"), "{}");
    cpSync(folder, join(project, ".cdk-nomad"), { recursive: true });
    const check = (env: Readonly<Record<string, string>>) => () => refuseConsulOfAnother("dev", { env, cwd: project });
    expect(check(far)).toThrow(/needs Consul.*CONSUL_HTTP_ADDR/);
    // Whoever wrote a wrong port sees both addresses, and no password.
    const wrong = { NOMAD_ADDR: "http://me:secret@127.0.0.1:8500" };
    const both =
      /NOMAD_ADDR names http:\/\/127\.0\.0\.1:8500, which is not the embedded Nomad \(http:\/\/127\.0\.0\.1:4646\); .*leave NOMAD_ADDR out/;
    expect(check(wrong)).toThrow(both);
    for (const env of [OWN, FAR, named]) expect(check(env)).not.toThrow();
    expect(check({})).not.toThrow();
    expect(check({ NOMAD_ADDR: OWN.NOMAD_ADDR })).not.toThrow();
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});

test("the tokens of the embedded cluster go nowhere else, and are hidden in what is printed", () => {
  const { found, masking } = variablesWith(FAR);
  expect(found).toEqual(FAR);
  expect(JSON.stringify(masking.json({ said: `refused: ${tokens.nomad}` }))).not.toContain(tokens.nomad);
});

test("a region that lives is asked with its token, also where the first one has ended", () => {
  const state = { format: 1, portOffset: 0, agents: {}, closed: true, regions: ["us-west", "us-east"] };
  writeFileSync(join(folder, "cluster.json"), JSON.stringify(state));
  const cluster = new EmbeddedCluster(folder, (_, { name }) => name !== "nomad");
  const east = "http://127.0.0.1:4746";
  expect(cluster.environment()).not.toHaveProperty("NOMAD_TOKEN");
  expect(cluster.environment(east)).toMatchObject({ NOMAD_ADDR: east, NOMAD_TOKEN: tokens.nomad });
  const masking = new Masking();
  const found = clusterVariables({ env: { NOMAD_ADDR: east }, terminal: { masking } as Terminal }, cluster);
  expect(found).toMatchObject({ NOMAD_ADDR: east, NOMAD_TOKEN: tokens.nomad });
});

test("what has ended is told no token, whoever has its port", () => {
  expect(variablesWith({}, () => false).found).toEqual(OWN);
  expect(variablesWith({ ...OWN, NOMAD_TOKEN: "a-reader" }, () => false).found).toEqual({
    ...OWN,
    NOMAD_TOKEN: "a-reader",
  });
});

test("where somebody else answers in the place of an agent, nobody is asked anything", async () => {
  const ports = await reservePorts();
  const address = `http://127.0.0.1:${4646 + ports.offset}`;
  const stranger = createServer().listen(4646 + ports.offset, "127.0.0.1");
  try {
    await once(stranger, "listening");
    const state = { format: 1, portOffset: ports.offset, agents: {}, closed: true };
    writeFileSync(join(folder, "cluster.json"), JSON.stringify(state));
    const names = ["localhost", "[::1]", "127.1", "0.0.0.0", "nomad.localhost."];
    const others = names.map((name) => ({ NOMAD_ADDR: address.replace("127.0.0.1", name), NOMAD_TOKEN: "own" }));
    for (const env of [{}, { NOMAD_ADDR: address }, ...others] as Readonly<Record<string, string>>[])
      expect(() => variablesWith(env, () => false)).toThrow(
        /project's nomad, which has ended, and process \d+.* answers/,
      );
    expect(variablesWith(FAR, () => false).found).toEqual(FAR);
  } finally {
    stranger.close();
    await ports.release();
  }
});
