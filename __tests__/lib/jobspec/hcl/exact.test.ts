import fc from "fast-check";
import { Job, UserError } from "../../../../lib";
import { comparable } from "../../../support/corpus";
import { hostile } from "../../../support/hostile";
import { parseWithNomad, testWithNomad } from "../../../support/nomad-parser";

// What no server can hold in a text is no question here: half of a character, and what HCL composes.
const text = hostile.map((each) => each.toWellFormed().normalize("NFC"));
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,7}$/).filter((each) => !["for", "if", "null"].includes(each));

/** Free-form JSON: texts, numbers, lists, objects in lists in objects, empty ones too. */
const free = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 })),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.dictionary(fc.oneof(name, text), tie("value"), { maxKeys: 3 }), { maxLength: 2 }),
    fc.dictionary(fc.oneof(name, text), tie("value"), { maxKeys: 3 }),
  ),
})).value;

/** An object at the top of a configuration is read as a list of one, which is the same to every driver. */
function asBody(json: unknown): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, item]) => [
      key,
      typeof item === "object" && item !== null && !Array.isArray(item) ? [item] : item,
    ]),
  );
}

const group = fc.record({
  Name: text,
  // What Nomad keeps as none where it is empty, such as a map or a list of blocks, holds something.
  Meta: fc.dictionary(fc.oneof(name, text), text, { minKeys: 1, maxKeys: 3 }),
  Constraints: fc.array(fc.record({ LTarget: text, RTarget: text, Operand: fc.constant("!=") }), {
    minLength: 1,
    maxLength: 2,
  }),
  Tasks: fc.tuple(
    fc.record({
      Name: text,
      Driver: fc.constant("mine"),
      Config: fc.dictionary(name, free, { maxKeys: 4 }).map(asBody),
      Env: fc.dictionary(fc.oneof(name, text), text, { minKeys: 1, maxKeys: 3 }),
      User: text,
      Templates: fc.tuple(
        fc.record({ DestPath: text, EmbeddedTmpl: fc.array(text).map((all) => all.join("\n") + "\n") }),
      ),
      VolumeMounts: fc.array(fc.record({ Volume: text, Destination: text }), { minLength: 1, maxLength: 1 }),
    }),
  ),
});

/** A job without names that Nomad's parser would take for the same. */
const job = fc
  .record({
    ID: text,
    Datacenters: fc.array(text, { maxLength: 2 }),
    TaskGroups: fc.array(group, { minLength: 1, maxLength: 25 }),
  })
  .map((json) => ({
    ...json,
    Name: json.ID,
    TaskGroups: json.TaskGroups.map((each, index) => ({ ...each, Name: `${index}${each.Name}` })),
  }));

describe("job.toHcl(), read by Nomad itself", () => {
  testWithNomad("is the same job, whatever stands in its texts, keys, labels and free-form values", () => {
    fc.assert(
      fc.property(job, (json) => {
        const model = Job.fromApi(json);
        const read = parseWithNomad(model.toHcl());
        // Only what was written is asked for: the parser fills in the rest.
        expect(subset(comparable(read), comparable(json))).toEqual(comparable(json));
      }),
      { numRuns: Number(process.env.DRAWS ?? 0) / 20 || 6 },
    );
  });

  testWithNomad.each([
    ["C:\\bin\\x"],
    ["$${NOMAD_PORT_http} $${x} %%{ if }"],
    ['{"port":${NOMAD_PORT_http}}'],
    ["${NOMAD_PORT_http}  }}x"],
    ["\ue0c0 0\ue0c1 \u0008\f\0"],
    ["line\nEOF\n${attr.kernel.name}}\n"],
    ["one\r\ntwo\n"],
    ["back\\\nslash\n"],
    ["run \\\n  --one \\\n  $HOME"],
    ["two\n\nlines\\"],
  ])("writes %j", (value) => {
    const Config = { a: value, b: [value], c: [{ d: value, e: { f: value, [value]: 1 } }] };
    const json = {
      ID: "j",
      TaskGroups: [{ Name: "g", Tasks: [{ Name: "t", Driver: "mine", Config, Env: { A: value } }] }],
    };
    const read = parseWithNomad(Job.fromApi(json).toHcl());
    expect(subset(comparable(read), comparable(json))).toEqual(comparable(json));
  });

  testWithNomad("tells an empty list from none", () => {
    const json = {
      ID: "j",
      Datacenters: [],
      TaskGroups: [
        {
          Name: "g",
          Tasks: [
            {
              Name: "t",
              Driver: "mine",
              Config: { args: [], mounts: [{ bind_options: { a: [] } }], none: [[]] },
              Vault: { Role: "r", Policies: [] },
              Identities: [{ Name: "x", Audience: [] }],
            },
          ],
        },
      ],
    };
    const read = parseWithNomad(Job.fromApi(json).toHcl());
    expect(subset(comparable(read), comparable(json))).toEqual(comparable(json));
  });
});

describe("job.toHcl()", () => {
  test.each([["A\u030a"], ["e\u0301"]])("says that HCL would compose %j", (value) => {
    const job = (env: object) =>
      Job.fromApi({ ID: "j", TaskGroups: [{ Name: "g", Tasks: [{ Name: "t", Driver: "mine", Env: env }] }] });
    expect(() => job({ A: value }).toHcl()).toThrow(UserError);
    expect(() => job({ A: value }).toHcl()).toThrow("job.group.task.env: HCL has no way to write");
    expect(() => job({ [value]: "a" }).toHcl()).toThrow(UserError);
  });
});

/** Of what was read, what stands where something was written. */
function subset(read: unknown, written: unknown): unknown {
  if (Array.isArray(written) && Array.isArray(read))
    return read.map((item, index) => (index < written.length ? subset(item, written[index]) : item));
  if (typeof written !== "object" || written === null || typeof read !== "object" || read === null) return read;
  return Object.fromEntries(
    Object.keys(written).flatMap((key) => {
      const item = (read as Record<string, unknown>)[key];
      return item === undefined ? [] : [[key, subset(item, (written as Record<string, unknown>)[key])]];
    }),
  );
}
