import { TerraformStack, TerraformVariable, Testing } from "cdktf";
import {
  Intentions,
  Job,
  KeyValues,
  NomadCsiVolume,
  NomadJob,
  NomadVariable,
  RegionalJob,
  ServiceDefaults,
  setStackCluster,
  UserError,
  type NomadJobProps,
} from "../../../lib";

const job = new Job({ id: "web", groups: [] });

/** What a constructor refuses, as lines of place and message. */
function refused(make: (stack: TerraformStack) => unknown): readonly string[] {
  try {
    make(new TerraformStack(Testing.app(), "dev"));
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.split("\n");
  }
}

describe("the properties of a construct", () => {
  test("are all of names that it has; the nearest is told", () => {
    const props: object = { job, purgOnDestroy: false };
    expect(refused((stack) => new NomadJob(stack, "web", props as NomadJobProps))).toEqual([
      'dev/web.purgOnDestroy: there is no such property; write "purgeOnDestroy"',
    ]);
  });

  test("are told of all at once: what is missing, what is of another kind, what is near a value that is known", () => {
    expect(refused((stack) => new ServiceDefaults(stack, "web", { protocol: "htp" } as never))).toEqual([
      "dev/web.service: must be given; write one in quotes",
      'dev/web.protocol: expected "tcp" or "http" or "http2" or "grpc", found "htp"; write "http"',
    ]);
  });

  test.each<[string, (stack: TerraformStack) => unknown, string]>([
    [
      "a job that is none",
      (stack) => new NomadJob(stack, "x", { job: { id: "web" } } as never),
      "dev/x.job: expected a Job, found an object; write new Job({ … })",
    ],
    [
      "a construct in the place of its job",
      (stack) => new NomadJob(stack, "x", { job: new NomadJob(stack, "y", { job }) } as never),
      "dev/x.job: expected a Job, found a NomadJob; write new Job({ … })",
    ],
    [
      "a text in the place of a list",
      (stack) => new Intentions(stack, "x", { to: "b", allow: "a" } as never),
      'dev/x.allow: expected a list of texts, found "a"; write ["a", "b"]',
    ],
    [
      "values that are no texts",
      (stack) => new KeyValues(stack, "x", { prefix: "a", values: { b: 1 } } as never),
      'dev/x.values: expected texts by their keys, found an object; write { key: "value" }',
    ],
    [
      "no values",
      (stack) => new NomadVariable(stack, "x", { path: "a" } as never),
      'dev/x.items: must be given; write { key: "value" }',
    ],
    [
      "null in a list of objects",
      (stack) => new NomadCsiVolume(stack, "x", { volumeId: "a", plugin: "b", capabilities: [null] } as never),
      "dev/x.capabilities: expected a list of objects, found a list; write [{ name: value }]",
    ],
    [
      "a rendering that there is not",
      (stack) => new RegionalJob(stack, "x", { job, regions: { regions: [] }, rendering: "fanout" } as never),
      'dev/x.rendering: expected "fanOut" or "enterprise", found "fanout"; write "fanOut"',
    ],
    [
      "a region twice",
      (stack) => new RegionalJob(stack, "x", { job, regions: { regions: [{ name: "eu" }, { name: "eu" }] } }),
      'dev/x.regions: names "eu" twice; remove one',
    ],
    [
      "a cluster by a property that would be checked by nobody",
      (stack) => setStackCluster(stack, { adress: "https://nomad.example.com" } as never),
      'dev.adress: there is no such property; write "address"',
    ],
    [
      "no cluster",
      (stack) => setStackCluster(stack, null as never),
      "dev: expected its properties as an object, found null; write { name: value }",
    ],
  ])("are of their kind: %s", (_name, make, line) => expect(refused(make)).toEqual([line]));

  test("may be known only when they are deployed", () => {
    const withTokens = (stack: TerraformStack) => {
      const text = new TerraformVariable(stack, "text", { type: "string" });
      const list = new TerraformVariable(stack, "list", { type: "list(string)" });
      const flag = new TerraformVariable(stack, "flag", { type: "bool" });
      new NomadJob(stack, "job", { job, detach: flag.booleanValue });
      new Intentions(stack, "intentions", { to: text.stringValue, allow: list.listValue });
      new KeyValues(stack, "keys", { prefix: text.stringValue, values: { a: text.stringValue } });
      new NomadVariable(stack, "variable", { path: "a", items: { b: text.stringValue } });
    };
    expect(refused(withTokens)).toEqual([]);
  });
});
