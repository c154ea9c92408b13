import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { App, type AppConfig } from "cdktf";
import { runProgram, setTarget, synthesize, UserError } from "./lib";
import { checkSettings, ENVIRONMENTS, PrismEnvironment, type EnvironmentSettings, type Surroundings } from "./stacks";

/** What a program is made of; what is left out is the default. */
export interface ProgramOptions {
  readonly environments?: readonly EnvironmentSettings[];
  readonly surroundings?: Surroundings;
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
  for (const settings of environments) new PrismEnvironment(app, settings, options.surroundings);
  return app;
}

/** What the environment variables say. */
function surroundings(env: NodeJS.ProcessEnv): Surroundings {
  const { PRISM_BIN_DIR: prismBinDir, CDK_NOMAD_PORT_OFFSET: offset } = env;
  if (offset !== undefined && !/^\d{1,5}$/.test(offset)) {
    throw UserError.at("CDK_NOMAD_PORT_OFFSET", `"${offset}" is no whole number; write 1000, say`);
  }
  return {
    prismBinDir: prismBinDir || undefined,
    portOffset: offset === undefined ? undefined : Number(offset),
    docker: dockerAnswers(),
    variables: env,
  };
}

/** Whether a Docker answers on this machine. */
function dockerAnswers(): boolean {
  if (!existsSync("/var/run/docker.sock") && !process.env.DOCKER_HOST) return false;
  return spawnSync("docker", ["version"], { stdio: "ignore", timeout: 3000 }).status === 0;
}

if (require.main === module) {
  runProgram(() => synthesize(createApp({ surroundings: surroundings(process.env) })));
}
