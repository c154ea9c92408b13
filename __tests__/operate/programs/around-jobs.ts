import { App, TerraformStack, TerraformVariable } from "cdktf";
import {
  Cpu,
  Driver,
  Job,
  Memory,
  NomadHostVolume,
  NomadJob,
  NomadNamespace,
  NomadNodePool,
  NomadVariable,
  Resources,
  runProgram,
  synthesize,
  Task,
  TaskGroup,
} from "../../../lib";

/** A job with all that it needs of its cluster: a namespace, a variable whose value is a secret, and a volume. */
const app = new App();
const stack = new TerraformStack(app, "dev");
const secret = new TerraformVariable(stack, "api_key", { type: "string", sensitive: true });
const namespace = new NomadNamespace(stack, "shop", {
  name: "shop",
  description: "the shop",
  drivers: { enabled: ["raw_exec"] },
});
new NomadNodePool(stack, "gpu", { name: "gpu", description: "nodes with a graphics card", meta: { team: "a" } });
const key = new NomadVariable(stack, "key", {
  path: "nomad/jobs/web",
  namespace: namespace.name,
  items: { api_key: secret.stringValue },
  version: Number(process.env.KEY_VERSION ?? 1),
});
const data = new NomadHostVolume(stack, "data", {
  name: "data",
  namespace: namespace.name,
  capacity: { min: Memory.mebibytes(1), max: Memory.mebibytes(10) },
});
const task = new Task({
  name: "main",
  driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", "exec sleep 3600"] }),
  resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(16) }),
}).withSecretEnv({ API_KEY: key.secret("api_key") });
const group = new TaskGroup({ name: "work", tasks: [task], volumes: [data.request()] });
new NomadJob(stack, "web", { job: new Job({ id: "web", namespace: namespace.name, groups: [group] }) });
runProgram(() => synthesize(app));
