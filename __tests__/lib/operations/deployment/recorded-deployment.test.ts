import { Masking } from "../../../../lib/masking";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../../lib/nomad";
import { deploy, desiredRecord, type StackContents, type StackObject } from "../../../../lib/operations";
import { QUIET_STREAM, ReplayServer, type Act, type Answers, type Asked } from "../../../support/replay";

// What a deployment brought, or may have brought, is in the record of its stack, however it ended.

const HEAD = "cdk-nomad/stacks/shop/dev";
const CREATED = {
  Diff: { Type: "Added", ID: "web" },
  Annotations: { DesiredTGUpdates: {} },
  FailedTGAllocs: null,
  Warnings: "",
  JobModifyIndex: 0,
};

/** Variables of Nomad and keys of Consul, as far as records and this test have them. */
function stores(consulWrites: (asked: Asked) => Act | undefined) {
  const texts = new Map<string, { readonly text: string; readonly index: number }>();
  let index = 100;
  const variable = (path: string): Answers => ({
    [`GET /v1/var/${path}`]: () => {
      const held = texts.get(path);
      if (!held) return { status: 404, body: "variable not found" };
      return { body: { Path: path, CreateIndex: 1, ModifyIndex: held.index, Items: { record: held.text } } };
    },
    [`PUT /v1/var/${path}`]: ({ body }) => {
      index += 1;
      texts.set(path, { text: (body as { Items: { record: string } }).Items.record, index });
      return { body: { Path: path, CreateIndex: 1, ModifyIndex: index } };
    },
    [`DELETE /v1/var/${path}`]: () => {
      texts.delete(path);
      return { status: 204 };
    },
  });
  const key = (path: string): Answers => ({
    [`GET /v1/kv/${path}`]: () => {
      const found = [...texts].filter(([each]) => each.startsWith(path));
      if (found.length === 0) return { status: 404, headers: { "x-consul-index": "1" } };
      return {
        body: found.map(([Key, held]) => ({
          Key,
          Value: Buffer.from(held.text).toString("base64"),
          ModifyIndex: held.index,
        })),
      };
    },
    "PUT /v1/txn": ({ body }) => {
      index += 1;
      for (const { KV } of body as { KV: { Verb: string; Key: string; Value?: string } }[])
        if (KV.Verb === "cas") texts.set(KV.Key, { text: Buffer.from(KV.Value ?? "", "base64").toString(), index });
        else texts.delete(KV.Key);
      return { body: { Results: [{ KV: { Key: path, CreateIndex: 1, ModifyIndex: index } }], Errors: null } };
    },
    "GET /v1/kv/shop/dev/": { status: 404, headers: { "x-consul-index": "1" } },
    "PUT /v1/kv/shop/dev/level": (asked) => consulWrites(asked) ?? { body: true },
  });
  const paths = [HEAD, ...["jobs", "others", "consul"].map((list) => `${HEAD}/${list}/0`)];
  return { texts, answers: Object.assign({}, ...paths.map(variable), key(HEAD)) as Answers };
}

async function deployed(
  registers: Answers[string],
  { keys, consulWrites = () => undefined }: { keys?: boolean; consulWrites?: (asked: Asked) => Act | undefined } = {},
) {
  const { texts, answers } = stores(consulWrites);
  const server = await new ReplayServer({
    "GET /v1/event/stream": QUIET_STREAM,
    "POST /v1/job/web/plan": { body: CREATED },
    ...answers,
    "PUT /v1/jobs": registers,
  }).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: server.address }));
  const objects: StackObject[] = [
    ...(keys
      ? [{ kind: "keys" as const, path: "dev/keys", prefix: "shop/dev/", values: { level: "info" }, after: [] }]
      : []),
    { kind: "job", path: "dev/web", job: { ID: "web" }, after: [] },
  ];
  const contents: StackContents = {
    objects,
    terraformOnly: [],
    declared: { owner: "cdk-nomad" },
    sensitive: [],
    reached: [],
  };
  const record = desiredRecord(contents, { project: "shop", environment: "dev" });
  const troubles: string[] = [];
  const handlers = {
    onStep: () => undefined,
    onChange: () => undefined,
    masking: new Masking(),
    onTrouble: (text: string) => void troubles.push(text),
  };
  try {
    const ended = await deploy(objects, { nomad, consul, ...handlers, record, detach: true }).then(
      () => "well",
      (error: unknown) => String(error),
    );
    expect(troubles.filter((text) => text.includes("record"))).toEqual([]);
    return { ended, recorded: [...texts.keys()].sort(), texts };
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
    await server.close();
  }
}

const CONFLICT = { status: 500, body: "Enforcing job modify index 0: job already exists" };
const FORBIDDEN = { status: 403, body: "Permission denied" };

test.each([
  ["the answer is lost", "reset" as const],
  ["the server fails", { status: 500, body: "rpc error: EOF" }],
])("a job that may be registered is recorded: %s", async (_what, registers) => {
  const { ended, recorded } = await deployed(registers);
  expect(ended).not.toBe("well");
  expect(recorded).toEqual([HEAD, `${HEAD}/jobs/0`]);
});

test.each([
  ["for its index", CONFLICT],
  ["for the token", FORBIDDEN],
])("a job that the server refused %s leaves no record", async (_what, registers) => {
  const { ended, recorded } = await deployed(registers);
  expect([ended, recorded]).toEqual([expect.not.stringMatching(/^well$/), []]);
});

test("what was written in Consul is recorded, also where the first job is refused", async () => {
  expect((await deployed(CONFLICT, { keys: true })).recorded).toEqual([HEAD, `${HEAD}/consul/0`, `${HEAD}/jobs/0`]);
  expect((await deployed({ body: {} }, { keys: true, consulWrites: () => "reset" })).recorded).toContain(HEAD);
  expect((await deployed({ body: {} }, { keys: true, consulWrites: () => FORBIDDEN })).recorded).toEqual([]);
});
