import { listServices, type ServiceRow } from "../../../../lib/operations";
import { withServer } from "../../../support/replayed-clients";
import { recorded, recordedJob, type Answers } from "../../../support/replay";

const job = { ID: "web", TaskGroups: [{ Name: "web", Services: [{ Name: "web", Checks: [{ Type: "http" }] }] }] };

const rowsOf = (answers: Answers, of: Parameters<typeof listServices>[0] = job): Promise<ServiceRow[]> =>
  withServer(answers, (clients) => listServices(of, clients, "stand-in"));

test.each([
  ["passing", ["passing"], ["passing"]],
  ["passing", [], []],
  ["warning", ["passing", "warning"], ["passing"]],
  ["critical", ["warning", "critical"], ["passing"]],
  ["critical", ["passing"], ["critical"]],
  ["critical", ["critical", "resting"], []],
  ["resting", ["passing", "resting"], []],
])("%s: checks of a service %j, of its node %j", async (status, own, ofNode) => {
  const check = (ServiceID: string) => (Status: string) => ({ CheckID: "check", Name: "check", Status, ServiceID });
  const instance = {
    Service: { ID: "web-1", Service: "web", Address: "127.0.0.1", Port: 80 },
    Node: { Address: "127.0.0.1" },
    Checks: [...own.map(check("web-1")), ...ofNode.map(check(""))],
  };
  const [row] = await rowsOf({ "GET /v1/health/service/web": { body: [instance] } });
  expect(row?.status).toBe(status);
});

test.each(["nomad", "consul"])(
  "a service in %s has its address and how it is, and is not called absent",
  async (kind) => {
    const state = recorded(`service-down-${kind}`);
    const rows = await rowsOf({ ...state.nomad, ...state.consul }, recordedJob(state));
    expect(rows).toEqual([expect.objectContaining({ service: "web-api", status: "critical" })]);
    expect(rows[0]?.address).toMatch(/^[\d.]+:\d+$/);
  },
);

test.each<[string, Answers]>([
  ["an agent that answers nothing", { "GET /v1/health/service/web": "reset" }],
  ["a refusal", { "GET /v1/health/service/web": { status: 403, body: "Permission denied" } }],
  [
    "an answer of which something is left out",
    { "GET /v1/health/service/web": { headers: { "X-Consul-Results-Filtered-By-ACLs": "true" }, body: [] } },
  ],
])("after %s it is unknown where a service is", async (_, answers) => {
  expect(await rowsOf(answers)).toEqual([
    expect.objectContaining({ status: "unknown", address: "", problem: expect.stringMatching(/Consul/) }),
  ]);
});

test("a service whose name the node makes is not called absent", async () => {
  const named = { ID: "web", TaskGroups: [{ Name: "web", Services: [{ Name: "web-${node.unique.name}" }] }] };
  const [row] = await rowsOf({}, named);
  expect([row?.status, row?.problem]).toEqual(["unknown", undefined]);
});

test.each([
  ["is healthy while the other's is not", "critical", "passing"],
  ["is not healthy while the other's is", "passing", "critical"],
])("a service of the job %s: an allocation of another job offers one of the same name", async (_, others, own) => {
  const [mine, another] = ["a0000001-0000-4000-8000-000000000000", "b0000001-0000-4000-8000-000000000000"];
  const instance = (allocation: string, port: number, Status: string) => ({
    Service: { ID: `_nomad-group-${allocation}-web-web-http`, Service: "web", Address: "127.0.0.1", Port: port },
    Node: { Address: "127.0.0.1" },
    Checks: [{ CheckID: "check", Name: "check", Status, ServiceID: "web" }],
  });
  const stub = (ID: string) => ({ ID, JobID: "web", TaskGroup: "web", ClientStatus: "running", DesiredStatus: "run" });
  const rows = await rowsOf({
    "GET /v1/health/service/web": { body: [instance(another, 81, others), instance(mine, 80, own)] },
    "GET /v1/job/web/allocations": { body: [stub(mine)] },
  });
  expect(rows.map(({ address, status }) => [address, status])).toEqual([["127.0.0.1:80", own]]);
});
