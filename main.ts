import { spawnSync } from "node:child_process";
import { App, type AppConfig } from "cdktf";
import { runProgram, setTarget, synthesize, UserError } from "./lib";
import {
  checkPrismFolder,
  checkSettings,
  ENVIRONMENTS,
  EnvironmentStack,
  type EnvironmentSettings,
  type ProgramInputs,
} from "./stacks";

/** What a program is made of; what is left out is the default. */
export interface ProgramOptions {
  readonly environments?: readonly EnvironmentSettings[];
  readonly inputs?: ProgramInputs;
  readonly app?: AppConfig;
}

/**
 * The program: one stack for each environment. Nothing is written until it is synthesized.
 *
 * @throws UserError with every problem of the settings
 */
export function createApp(options: ProgramOptions = {}): App {
  const environments = options.environments ?? ENVIRONMENTS;
  checkSettings(environments);
  const app = new App(options.app);
  // The embedded cluster allows it, and prod's clusters must: its limits are above what is reserved.
  setTarget(app, { memoryOversubscription: true });
  for (const settings of environments) new EnvironmentStack(app, settings, options.inputs);
  return app;
}

/** What the environment variables and this machine say. */
function inputsOf(env: NodeJS.ProcessEnv): ProgramInputs {
  const { PRISM_BIN_DIR: prismBinDir, CDK_NOMAD_PORT_OFFSET: offset, CDK_NOMAD_CLOSED: closed } = env;
  if (offset !== undefined && !/^\d{1,5}$/.test(offset)) {
    throw UserError.at("CDK_NOMAD_PORT_OFFSET", `"${offset}" is no whole number; write 1000, say`);
  }
  return {
    project: process.cwd(),
    prismBinDir: prismBinDir || undefined,
    portOffset: offset === undefined ? undefined : Number(offset),
    closed: closed === "true",
    dockerImages: dockerImages(env),
    variables: env,
  };
}

/** Images that the Docker of this machine has, by name and tag; undefined where none answers within three seconds. */
function dockerImages(env: NodeJS.ProcessEnv): readonly string[] | undefined {
  const args = ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"];
  const { status, stdout } = spawnSync("docker", args, { env, encoding: "utf8", timeout: 3000 });
  return status === 0 ? stdout.split("\n").filter((line) => line !== "") : undefined;
}

/** Synthesizes the program with what the variables name, and says what was decided by them. */
export function main(env: NodeJS.ProcessEnv, options: Omit<ProgramOptions, "inputs"> = {}): void {
  runProgram(() => {
    const inputs = inputsOf(env);
    // Who only looks at the jobs knows how they run; cdktf does not say what it is about to do.
    const { CDK_NOMAD_COMMAND: command = "cdktf", CDK_NOMAD_STACK: wanted } = env;
    const deploys = ["cdktf", "deploy", "start"].includes(command);
    if (deploys) checkPrismFolder(inputs.prismBinDir);
    const app = createApp({ ...options, inputs });
    const stacks = app.node.children.filter((child) => child instanceof EnvironmentStack);
    // The others are synthesized along, and not brought anywhere.
    const brought = deploys ? stacks.filter(({ node }) => wanted === undefined || node.id === wanted) : [];
    for (const { node, containerChoices } of brought)
      for (const line of containerChoices) console.error(`${node.id}: ${line}`);
    return synthesize(app);
  });
}

if (require.main === module) {
  main(process.env);
}
