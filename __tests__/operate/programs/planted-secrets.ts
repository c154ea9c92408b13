import { readFileSync } from "node:fs";
import { App, TerraformStack, TerraformVariable } from "cdktf";
import {
  Artifact,
  Check,
  Cpu,
  Driver,
  Duration,
  Job,
  KeyValues,
  Memory,
  NomadJob,
  nomadProvider,
  Resources,
  Restart,
  runProgram,
  Service,
  synthesize,
  Task,
  TaskGroup,
  Template,
  Update,
} from "../../../lib";
import { FORMED, KEYS, NAMED, ODD, PLACES, valuesOf, VARIABLES } from "../../support/planted";

/** What the program is made of. */
export interface PlantedProgram {
  readonly round: number;
  /** Whether a task fails that prints its password. */
  readonly crashes?: boolean;
}

const { round, crashes = false } = JSON.parse(readFileSync("change.json", "utf8")) as PlantedProgram;
const app = new App();
const stack = new TerraformStack(app, "lab");
const types: Readonly<Record<string, string>> = { amount: "number", fruits: "list(string)" };
const variables = Object.keys(VARIABLES).map((name) => {
  const type = types[name] ?? "string";
  return [name, new TerraformVariable(stack, name, { type, sensitive: true })] as const;
});
const { amount, colour, tiny, fruits } = Object.fromEntries(variables);
const at = (name: keyof typeof PLACES) => PLACES[name].value(round);
const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(20) });

const mailer = new Job({
  id: "mailer",
  meta: { "smtp.password": at("jobMeta") },
  groups: [
    new TaskGroup({
      name: "send",
      count: 0,
      meta: { apiToken: at("groupMeta") },
      services: [
        new Service({
          name: "mailer",
          provider: "consul",
          meta: { "client-secret": at("serviceMeta") },
          checks: [
            Check.script({ name: "up", command: "/bin/true", args: ["--token", at("checkHeader")], task: "smtp" }),
          ],
        }),
      ],
      tasks: [
        new Task({
          name: "smtp",
          driver: Driver.rawExec({
            command: "/bin/sleep",
            args: ["9999", at("option"), "--token", at("behindOption")],
          }),
          resources,
          meta: { passphrase: at("taskMeta") },
          env: {
            ...valuesOf(NAMED, round),
            ...valuesOf(ODD, round),
            ...valuesOf(FORMED, round),
            PLAIN: colour?.stringValue ?? "",
            PREFIXED: `x-${tiny?.stringValue ?? ""}-y`,
            TINY: tiny?.stringValue ?? "",
            AMOUNT: `no-${amount?.stringValue ?? ""}`,
          },
          templates: (["envTemplate", "yamlTemplate", "jsonTemplate", "iniTemplate"] as const).map(
            (name) => new Template({ destination: `local/${name}`, data: at(name), env: name === "envTemplate" }),
          ),
          artifacts: [
            new Artifact({
              source: at("artifactSource"),
              headers: { Authorization: at("artifactHeader") },
              options: { aws_access_key_secret: at("artifactOption") },
            }),
          ],
        }),
        new Task({
          name: "image",
          driver: Driver.docker({
            image: "registry.internal/x:1",
            args: fruits?.listValue ?? [],
            auth: { username: "u", password: at("registry") },
          }),
          resources,
        }),
      ],
    }),
  ],
});

const crasher = new Job({
  id: "crasher",
  groups: [
    new TaskGroup({
      name: "g",
      count: crashes ? 1 : 0,
      restart: new Restart({ attempts: 0, mode: "fail" }),
      update: new Update({
        healthyDeadline: Duration.seconds(5),
        progressDeadline: Duration.seconds(8),
        minHealthyTime: Duration.seconds(1),
      }),
      tasks: [
        new Task({
          name: "t",
          driver: Driver.rawExec({
            command: "/bin/sh",
            args: ["-c", 'echo "cannot log in with $DB_PASSWORD at postgres://u:$DB_PASSWORD@db" >&2; exit 1'],
          }),
          resources,
          env: { DB_PASSWORD: at("crash") },
        }),
      ],
    }),
  ],
});

const provider = nomadProvider(stack);
for (const job of [mailer, crasher]) new NomadJob(stack, job.id, { job, provider, allow: ["secret/literal"] });
new KeyValues(stack, "keys", { prefix: "planted", values: valuesOf(KEYS, round), allow: ["secret/literal"] });
runProgram(() => synthesize(app));
