import { ConsulClient, consulConnection } from "../../../../lib/nomad";
import { listServices } from "../../../../lib/operations";
import { ReplayServer } from "../../../support/replay";

const job = { ID: "web", TaskGroups: [{ Name: "web", Services: [{ Name: "web", Checks: [{ Type: "http" }] }] }] };

/** How a service is listed whose checks have these words: of the service itself, and of its node. */
async function statusOf(own: readonly string[], ofNode: readonly string[]): Promise<string | undefined> {
  const check = (ServiceID: string) => (Status: string) => ({ CheckID: "check", Name: "check", Status, ServiceID });
  const instance = {
    Service: { ID: "web-1", Service: "web", Address: "127.0.0.1", Port: 80 },
    Node: { Address: "127.0.0.1" },
    Checks: [...own.map(check("web-1")), ...ofNode.map(check(""))],
  };
  const server = await new ReplayServer({ "GET /v1/health/service/web": { body: [instance] } }).open();
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: server.address }));
  try {
    return (await listServices(job, consul, "stand-in"))[0]?.status;
  } finally {
    await consul.close();
    await server.close();
  }
}

test.each([
  ["passing", ["passing"], ["passing"]],
  ["passing", [], []],
  ["warning", ["passing", "warning"], ["passing"]],
  ["critical", ["warning", "critical"], ["passing"]],
  ["critical", ["passing"], ["critical"]],
  ["critical", ["critical", "resting"], []],
  ["resting", ["passing", "resting"], []],
])("%s: checks of a service %j, of its node %j", async (status, own, ofNode) => {
  expect(await statusOf(own, ofNode)).toBe(status);
});
