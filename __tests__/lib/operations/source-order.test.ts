import fc from "fast-check";
import { Job } from "../../../lib";
import { inSourceOrder } from "../../../lib/operations";
import { toTypeScript } from "../../../lib/typescript";
import { comparable, corpus, testWithCorpus } from "../../support/corpus";

const HCL = `job "web" {
  meta {
    zone  = "a"
    after = "b"
  }
  group "g" {
    task "one" {
      driver = "docker"
      config {
        ports = ["http"]
        image = "web:1"
        mount {
          type   = "bind"
          source = "local"
        }
        logging {
          type = "json-file"
          config {
            max-size = "1m"
            compress = "true"
          }
        }
      }
      env {
        ZEBRA = "1"
        APPLE = "2"
      }
    }
  }
}
`;

const JOB = {
  ID: "web",
  Meta: { after: "b", zone: "a", added: "by nobody" },
  TaskGroups: [
    {
      Name: "g",
      Tasks: [
        {
          Name: "one",
          Driver: "docker",
          Env: { APPLE: "2", ZEBRA: "1" },
          Config: {
            image: "web:1",
            logging: [{ config: [{ compress: "true", "max-size": "1m" }], type: "json-file" }],
            mount: [{ source: "local", type: "bind" }],
            ports: ["http"],
          },
        },
      ],
    },
  ],
};

/** The same JSON, its keys in another order. */
function shuffled(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, seed));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, shuffled(item, seed + 1)] as const);
  return Object.fromEntries(
    entries.slice(seed % (entries.length + 1)).concat(entries.slice(0, seed % (entries.length + 1))),
  );
}

test("the keys of maps are in the order of the source, and others after them", () => {
  const { Meta, TaskGroups } = inSourceOrder(JOB, HCL) as typeof JOB;
  const [task] = TaskGroups[0]?.Tasks ?? [];
  expect(Object.keys(Meta)).toEqual(["zone", "after", "added"]);
  expect(Object.keys(task?.Env ?? {})).toEqual(["ZEBRA", "APPLE"]);
  expect(Object.keys(task?.Config ?? {})).toEqual(["ports", "image", "mount", "logging"]);
  expect(Object.keys(task?.Config.mount[0] ?? {})).toEqual(["type", "source"]);
  expect(Object.keys(task?.Config.logging[0]?.config[0] ?? {})).toEqual(["max-size", "compress"]);
});

test("the order is one, whatever order Nomad answers in", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.boolean(), (seed, known) => {
      const hcl = known ? HCL : "";
      expect(JSON.stringify(inSourceOrder(shuffled(JOB, seed), hcl))).toBe(JSON.stringify(inSourceOrder(JOB, hcl)));
    }),
  );
});

test("what is written of a job has it", async () => {
  const module = await toTypeScript([{ job: Job.fromApi(inSourceOrder(JOB, HCL)), source: HCL }]);
  expect(module).toContain('env: { ZEBRA: "1", APPLE: "2" }');
});

test("keys are data, whatever they are called", () => {
  const json = JSON.parse('{ "ID": "a", "Meta": { "__proto__": "x", "constructor": "y" } }') as unknown;
  const hcl = 'job "a" {\n  meta {\n    constructor = "y"\n    __proto__   = "x"\n  }\n}\n';
  expect(JSON.stringify(inSourceOrder(json, hcl))).toBe('{"ID":"a","Meta":{"constructor":"y","__proto__":"x"}}');
});

testWithCorpus("nothing is lost of the jobs of the corpus", () => {
  for (const { job, hcl } of corpus()) expect(comparable(inSourceOrder(job, hcl))).toEqual(comparable(job));
});
