import {
  enterRecord,
  listRecords,
  readRecord,
  removeRecord,
  desiredRecord,
  type StackContents,
} from "../../../../lib/operations";
import { recordPath } from "../../../../lib/stack-record";
import { RecordServers } from "../../../support/record-store";

const identity = { project: "shop", environment: "dev" };
const head = recordPath(identity);

/** What a program wants that has a job, and keys of Consul or none. */
function wanting(store: "consul" | "nomad") {
  const keys = { kind: "keys" as const, path: "dev/keys", prefix: "shop/dev/", values: {}, after: [] };
  const contents: StackContents = {
    objects: [
      ...(store === "consul" ? [keys] : []),
      { kind: "job" as const, path: "dev/web", job: { ID: "web" }, after: [] },
    ],
    terraformOnly: [],
    declared: { owner: "cdk-nomad" },
    sensitive: [],
    reached: [],
  };
  return desiredRecord(contents, identity);
}

test("a record that is nested too deeply hides no other one", async () => {
  const servers = new RecordServers();
  await enterRecord(wanting("nomad"), servers.clients);
  const deep = recordPath({ project: "shop", environment: "broken" });
  servers.put("nomad", deep, `${"[".repeat(5000)}${"]".repeat(5000)}`);
  expect(await listRecords(servers.clients)).toMatchObject({
    records: [{ kind: "unreadable", path: deep }, { kind: "found" }],
    unread: [],
  });
});

describe.each([
  ["cannot be read", undefined],
  ["is of a later release", '{"format":2}'],
])("where the record in the other store %s", (_what, text) => {
  const spoil = (servers: RecordServers) => {
    if (text === undefined) servers.refuse.nomad = new Error("Permission denied");
    else servers.put("nomad", head, text);
  };

  test("the stack is not said to have none", async () => {
    const servers = new RecordServers();
    spoil(servers);
    expect(await readRecord({ ...identity, store: "consul" }, servers.clients)).toMatchObject({
      kind: "unreadable",
      elsewhere: true,
    });
  });

  test("nobody is told that all records of a stack are removed", async () => {
    const servers = new RecordServers();
    await enterRecord(wanting("consul"), servers.clients);
    spoil(servers);
    expect(await removeRecord({ ...identity, store: "consul" }, servers.clients)).toMatchObject({ kind: "unwritten" });
    expect(servers.texts("consul")).toEqual({});
  });
});
