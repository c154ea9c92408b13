import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTokens } from "../../../lib/local/access/tokens";
import { reservePorts, type ReservedPorts } from "../../support/ports";
import { standInNomad, type StandInAgent } from "../../support/stand-in-agent";
import { cli, environment } from "../../support/run-cli";

const SECRET = "0f9e8d7c-1111-4222-8333-abcdefabcdef";

let project: string;
let ports: ReservedPorts;
let nomad: StandInAgent;

beforeEach(async () => {
  project = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  writeFileSync(join(project, "cdktf.json"), "{}");
  mkdirSync(join(project, ".cdk-nomad"));
  ports = await reservePorts();
  // A Nomad with its UI inside, as official releases have it.
  const answers = { "/v1/acl/token/onetime": { OneTimeToken: { OneTimeSecretID: SECRET } } };
  nomad = await standInNomad(project, 4646 + ports.offset, answers);
});
afterEach(async () => {
  await nomad.end();
  await ports.release();
  rmSync(project, { recursive: true, force: true });
});

function started(closed: boolean) {
  const state = { format: 1, portOffset: ports.offset, agents: {}, closed };
  writeFileSync(join(project, ".cdk-nomad", "cluster.json"), JSON.stringify(state));
  return makeTokens(join(project, ".cdk-nomad"));
}

async function ui(...more: readonly string[]) {
  const opened: string[] = [];
  const openPage = (address: string) => void opened.push(address);
  const said = await cli(["ui", "--nomad", ...more], { cwd: project, env: environment(), columns: 200, openPage });
  return { ...said, opened };
}

test("of a closed cluster the UI is opened logged in, and the token stands in no address and no output", async () => {
  const tokens = started(true);
  const { code, opened, stdout, stderr } = await ui();
  expect([code, nomad.asked()]).toEqual([0, [tokens.nomad]]);
  const [page = ""] = opened;
  expect(page).toMatch(/^file:/);
  expect(readFileSync(fileURLToPath(page), "utf8")).toContain(`/ui/?ott=${SECRET}`);
  for (const secret of [SECRET, tokens.nomad]) expect(`${page}${stdout}${stderr}`).not.toContain(secret);
});

test("of an open cluster it is opened as it is, and --print opens nothing", async () => {
  started(false);
  expect((await ui()).opened).toEqual([`http://127.0.0.1:${4646 + ports.offset}/ui/`]);
  expect([(await ui("--print")).opened, nomad.asked()]).toEqual([[], []]);
});

test("of a Nomad that was built without it, it is said that there is none, and no address of it", async () => {
  started(false);
  await nomad.end();
  const page = "<!DOCTYPE html>\n<html>\n<p>Nomad UI is not available in this binary.</p>\n</html>";
  nomad = await standInNomad(project, 4646 + ports.offset, {}, page);
  for (const more of [[], ["--print"]]) {
    const { code, opened, stdout, stderr } = await ui(...more);
    expect([code, opened, stdout]).toEqual([0, [], expect.stringMatching(/^Consul {2}http\S+\n$/)]);
    expect(stderr).toMatch(/built without its web UI/);
  }
});

test("--json opens nothing and prints one JSON value, also of a Nomad that was built without its web UI", async () => {
  started(false);
  const at = (port: number) => `http://127.0.0.1:${port + ports.offset}/ui/`;
  for (const more of [["--json"], ["--print", "--json"]]) {
    const { code, opened, stdout } = await ui(...more);
    expect([code, opened, JSON.parse(stdout)]).toEqual([0, [], { nomad: at(4646), consul: at(8500) }]);
  }
  await nomad.end();
  nomad = await standInNomad(project, 4646 + ports.offset, {}, "<p>Nomad UI is not available in this binary.</p>");
  expect(JSON.parse((await ui("--json")).stdout)).toEqual({ consul: at(8500) });
});

test.each([
  [["--service", "--nomad"], "--nomad"],
  [["--service", "--print"], "--print"],
  [["--service", "--port", "8080"], "--port"],
  [["--nomad", "--port", "8080"], "--port"],
  [["--print", "--port", "8080"], "--port"],
])("%j mean two pages, which is said of %s and not decided", async (options, place) => {
  const openPage = () => undefined;
  const said = await cli(["ui", ...options], { cwd: project, env: environment(), columns: 200, openPage });
  expect([said.code, said.stdout]).toEqual([1, ""]);
  expect(said.stderr).toMatch(new RegExp(`^✗ ${place}: .*(?:write one of them|leave one of them out)`));
});
