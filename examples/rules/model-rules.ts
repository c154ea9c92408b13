import { Job, Network, Port, ServiceWeights, TaskGroup, type TaskGroupProps } from "../../lib";
import type { RuleExample } from "./rule-example";
import { group, job, program, service, task } from "./sound";

/** Values by themselves, and JSON that is read. */
export const MODEL_EXAMPLES = {
  "field/type": {
    fails: job({ priority: "high" as unknown as number }),
    passes: job({ priority: 80 }),
  },
  "field/range": {
    fails: group({ count: -1 }),
    passes: group({ count: 0 }),
  },
  "field/required": {
    fails: job({ groups: [new TaskGroup({ tasks: [program()] } as unknown as TaskGroupProps)] }),
    passes: job({ groups: [new TaskGroup({ name: "web", tasks: [program()] })] }),
  },
  "field/unknown": {
    fails: group({ cuont: 2 } as object),
    passes: group({ count: 2 }),
  },
  "field/duplicate": {
    fails: () => task({ env: { LOG: "info" } }).withEachTask((each) => each.withEnv({ LOG: "debug" })),
    passes: () => task({ env: { LOG: "info" } }).withEachTask((each) => each.withEnv({ PORT: "80" })),
  },
  "field/deprecated": {
    fails: group({ networks: [new Network({ mode: "host", ports: [Port.dynamic("http")], mbits: 10 })] }),
    passes: group({ networks: [new Network({ mode: "host", ports: [Port.dynamic("http")] })] }),
  },
  "field/senseless": {
    fails: service({ weights: new ServiceWeights({ passing: -1 }) }),
    passes: service({ weights: new ServiceWeights({ passing: 1 }) }),
  },
  "import/type": {
    fails: Job.read({ ID: "web", Priority: "high" }),
    passes: Job.read({ ID: "web", Priority: 80 }),
  },
  "import/depth": {
    fails: Job.read({
      ID: "web",
      TaskGroups: [{ Name: "web", Tasks: [{ Name: "web", Driver: "exec", Config: nested(5000) }] }],
    }),
    passes: Job.read({
      ID: "web",
      TaskGroups: [{ Name: "web", Tasks: [{ Name: "web", Driver: "exec", Config: nested(5) }] }],
    }),
  },
  "import/unknown-field": {
    fails: Job.read({ ID: "web", Tomorrow: true }),
    passes: Job.read({ ID: "web", AllAtOnce: true }),
  },
} as const satisfies Readonly<Record<string, RuleExample>>;

/** An object inside of as many others. */
function nested(depth: number): object {
  let inner: object = {};
  for (let level = 0; level < depth; level += 1) inner = { inner };
  return inner;
}
