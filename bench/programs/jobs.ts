import { App, TerraformStack } from "cdktf";
import {
  Check,
  Cpu,
  Driver,
  Duration,
  Job,
  Memory,
  Network,
  NomadJob,
  nomadProvider,
  Port,
  Resources,
  Restart,
  Service,
  synthesize,
  Task,
  TaskGroup,
  Update,
} from "../../lib";

/** Three stacks of so many jobs of three tasks, as Prism's is, with every rule on. */
const count = Number(process.argv[2]);
const app = new App();
for (const environment of ["dev", "staging", "prod"]) {
  const stack = new TerraformStack(app, environment);
  nomadProvider(stack);
  for (let index = 0; index < count; index += 1) {
    const job = new Job({
      id: `app-${index}`,
      type: "service",
      datacenters: ["dc1"],
      update: Update.rolling({ maxParallel: 1, autoRevert: true }),
      groups: ["admin", "launcher", "keyvalue"].map(
        (name) =>
          new TaskGroup({
            name,
            count: 2,
            networks: [Network.host(Port.dynamic("http"))],
            restart: Restart.fail({ attempts: 3, delay: Duration.seconds(10), interval: Duration.minutes(1) }),
            tasks: [
              new Task({
                name,
                driver: Driver.docker({
                  image: `${name}:${index}`,
                  ports: ["http"],
                  args: ["--port", "${NOMAD_PORT_http}"],
                }),
                env: { ENVIRONMENT: environment },
                resources: new Resources({ cpu: Cpu.mhz(500), memory: Memory.mebibytes(256) }),
                services: [new Service({ name, port: "http", checks: [Check.http({ path: "/health" })] })],
              }),
            ],
          }),
      ),
    });
    new NomadJob(stack, `app-${index}`, { job });
  }
}
synthesize(app);
