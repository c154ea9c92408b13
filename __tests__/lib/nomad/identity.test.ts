import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../lib/nomad";
import { failure } from "../../support/failure";
import { Listener } from "../../support/listener";

let opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  opened = [];
});

/** Answers as each server does to what it knows; the real ones are asked in __tests__/operate/connections.test.ts. */
const ANSWERS = {
  Nomad: { "/v1/regions": '["global"]', "/v1/jobs": "[]", "/v1/status/leader": '"127.0.0.1:4647"' },
  Consul: {
    "/v1/catalog/datacenters": '["dc1"]',
    "/v1/catalog/services": "{}",
    "/v1/status/leader": '"127.0.0.1:8300"',
  },
} as const;

async function setUp(answers: Readonly<Record<string, string>>, env: Record<string, string> = {}) {
  const server = await new Listener({ answer: (path) => answers[path] }).open();
  const address = `http://127.0.0.1:${server.port}`;
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: address, ...env }));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: address, ...env }));
  opened.push(server, nomad, consul);
  return { server, address, nomad, consul };
}

const STOP = new AbortController().signal;
const firstEvent = async (nomad: NomadClient) => {
  for await (const batch of nomad.events(["Job"], 0, STOP)) return batch;
  return undefined;
};

test.each<[string, (nomad: NomadClient) => Promise<unknown>]>([
  ["a list", (nomad) => nomad.jobs()],
  ["something that may be missing", (nomad) => nomad.job("web")],
  ["a change", (nomad) => nomad.register({ ID: "web" })],
  ["what is waited for", (nomad) => nomad.watchAllocations("web", { seconds: 1 })],
  ["a stream", firstEvent],
])("a Consul where Nomad should be is said as that, by the variable: %s", async (_name, ask) => {
  const { address, nomad } = await setUp(ANSWERS.Consul);
  // The address of a leader is one for both.
  expect(await nomad.leader()).toBe("127.0.0.1:8300");
  const error = await failure(ask(nomad));
  expect(error).toMatchObject({ problems: [{ rule: "wrong-service", path: ["NOMAD_ADDR"] }] });
  expect(error?.message).toContain(
    `a Consul answers at ${address}, and no Nomad; write the address of Nomad into it, such as http://127.0.0.1:4646`,
  );
});

test.each<[string, (consul: ConsulClient) => Promise<unknown>]>([
  ["a list", (consul) => consul.services()],
  ["something that may be missing", (consul) => consul.value("app/a")],
  ["a change", (consul) => consul.setValue("app/a", "b")],
  ["a change by check-and-set", (consul) => consul.change([{ key: "a", index: 1 }])],
])("a Nomad where Consul should be likewise: %s", async (_name, ask) => {
  const { address, consul } = await setUp(ANSWERS.Nomad);
  const error = await failure(ask(consul));
  expect(error).toMatchObject({ problems: [{ rule: "wrong-service", path: ["CONSUL_HTTP_ADDR"] }] });
  expect(error?.message).toContain(`a Nomad answers at ${address}, and no Consul`);
});

test("which server it is is asked once, without a token, however many ask", async () => {
  const { server, nomad } = await setUp(ANSWERS.Consul, { NOMAD_TOKEN: "planted", NOMAD_REGION: "west" });
  await Promise.all([nomad.jobs(), nomad.job("a"), nomad.job("b")].map((work) => failure(work)));
  const asked = server.seen.filter(({ path }) => path === "/v1/catalog/datacenters");
  expect(asked).toMatchObject([{ token: undefined, query: {} }]);
});

test("the right server's refusals stay as they are, also where it has not answered before", async () => {
  const { server, nomad } = await setUp(ANSWERS.Nomad);
  for (const id of ["a", "b"]) expect((await failure(nomad.fail(id)))?.message).toContain("Nomad answered 404");
  expect(server.seen.filter(({ path }) => path === "/v1/regions")).toHaveLength(1);
});

test("the right server is never asked what it is, whatever it refuses", async () => {
  const { server, nomad } = await setUp(ANSWERS.Nomad);
  await nomad.jobs();
  expect((await failure(nomad.fail("none")))?.message).toContain("Nomad answered 404");
  expect(server.seen.map(({ path }) => path)).toEqual(["/v1/jobs", "/v1/deployment/fail/none"]);
});

test("what is neither is told with the variable to look at", async () => {
  const { address, nomad, consul } = await setUp({
    "/v1/jobs": '{"status":"UP"}',
    "/v1/catalog/services": "<html><title>Shop</title>",
  });
  expect((await failure(nomad.jobs()))?.message).toMatch(/not one of Nomad's.*NOMAD_ADDR/);
  expect((await failure(consul.services()))?.message).toMatch(/page of HTML \(200: Shop\).*CONSUL_HTTP_ADDR/);
  expect((await failure(nomad.plan({ ID: "web" })))?.message).toContain(
    `the answer to POST /v1/job/web/plan is not one of Nomad's: it is a 404 that Nomad does not give: nothing else; look at NOMAD_ADDR, whether ${address} is a Nomad`,
  );
});
