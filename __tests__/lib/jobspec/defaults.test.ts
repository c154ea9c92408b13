import { withoutDefaults } from "../../../lib/jobspec/host";

/** A job as a server holds it, of one service and one task. */
function held(service: object, task: object = {}) {
  return {
    ID: "web",
    Type: "service",
    TaskGroups: [
      {
        Name: "g",
        Services: [{ Name: "web", PortLabel: "http", ...service }],
        Tasks: [{ Name: "t", Driver: "raw_exec", Consul: {}, ...task }],
      },
    ],
  };
}

/** As the servers of a cluster with Consul's tokens write it. */
const given = {
  ...{ Audience: ["consul.io"], ChangeMode: "", ChangeSignal: "", Env: false, ExtraClaims: null, File: false },
  ...{ Filepath: "", Name: "consul-service_web-http", ServiceName: "web", TTL: 3_600_000_000_000 },
};

test("the identities that a server gives by itself are no part of a job", () => {
  const tasks = { Identities: [{ ...given, Name: "consul_default", ServiceName: "" }] };
  expect(withoutDefaults(held({ Identity: given }, tasks))).toEqual(withoutDefaults(held({})));
});

test.each([
  ["that is written into a file", { File: true }],
  ["with claims of its own", { ExtraClaims: { team: "a" } }],
  ["whose change restarts", { ChangeMode: "restart" }],
])("an identity %s is somebody's, and stays", (_name, more) => {
  expect(JSON.stringify(withoutDefaults(held({ Identity: { ...given, ...more } })))).toContain("consul-service_web");
  const mine = [{ ...given, ...more, Name: "consul_default" }];
  expect(JSON.stringify(withoutDefaults(held({}, { Identities: mine })))).toContain("consul_default");
});
