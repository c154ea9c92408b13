import { join } from "node:path";
import { UserError } from "../../jobspec";
import {
  deploy as deployStack,
  listServices,
  readStack,
  synthesizeProject,
  type DeploymentView,
  type JobOutcome,
} from "../../operations";
import { STAND_IN } from "../../workloads";
import { clients, localCluster, type CliContext } from "../context";
import { deploymentLines, deploymentSummary, diagnosisText } from "../deployment-text";
import type { Terminal } from "../terminal";

/** Options of `deploy`. */
export interface DeployCommandOptions {
  readonly var?: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

/** Brings an environment to a cluster through Nomad's API, and watches it until it is healthy. */
export async function deploy(
  environment: string,
  options: DeployCommandOptions,
  { terminal, env, signal }: CliContext,
): Promise<void> {
  if (/^prod/.test(environment)) {
    throw UserError.at(
      environment,
      "goes through Terraform, with its state and its lock; write: npx cdktf deploy " + environment,
      "environment",
    );
  }
  const { project, cluster } = localCluster();
  const { nomad, consul, portOffset } = clients(env, cluster);
  const progress = terminal.progress();
  try {
    progress.step("synthesizing");
    const outdir = join(cluster.folder, "synth");
    const offset = env.CDK_NOMAD_PORT_OFFSET ?? (portOffset ? String(portOffset) : undefined);
    const said = await synthesizeProject({
      project,
      outdir,
      env: offset === undefined ? {} : { CDK_NOMAD_PORT_OFFSET: offset },
      signal,
    });
    if (said !== "") terminal.note(said);
    const wanted = readStack(outdir, environment, { variables: options.var ?? {}, env });

    const watcher = new Watcher(terminal);
    const outcomes = await deployStack(wanted, {
      nomad,
      consul,
      signal,
      onStep: (text) => progress.step(text),
      onChange: (view) => watcher.show(view),
    });
    terminal.rest();
    const services = (await Promise.all(outcomes.map((outcome) => listServices(outcome.job, consul, STAND_IN)))).flat();
    if (options.json) {
      terminal.print(
        JSON.stringify(
          { environment, jobs: outcomes.map(({ job, ...rest }) => ({ id: job.ID, ...rest })), services },
          null,
          2,
        ),
      );
    } else {
      for (const outcome of outcomes) report(outcome, terminal, watcher.secondsOf(outcome.job.ID));
      if (outcomes.every((outcome) => outcome.result !== "failed"))
        terminal.print(`\n${serviceTable(services, terminal)}`);
    }
    if (outcomes.some((outcome) => outcome.result === "failed")) process.exitCode = 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.note("interrupted; Nomad goes on with what it was given: cdk-nomad status");
    process.exitCode = 130;
  } finally {
    terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** Shows a deployment while it goes on. */
class Watcher {
  readonly #started = Date.now();
  readonly #last = new Map<string, string>();
  readonly #ends = new Map<string, number>();
  readonly #views = new Map<string, DeploymentView>();

  constructor(private readonly terminal: Terminal) {}

  get seconds(): number {
    return Math.round((Date.now() - this.#started) / 1000);
  }

  /** When a job's deployment ended. */
  secondsOf(job: string): number {
    return this.#ends.get(job) ?? this.seconds;
  }

  show(view: DeploymentView): void {
    if (view.status === "successful") this.#ends.set(view.job, this.seconds);
    this.#views.set(view.job, view);
    if (this.terminal.moves) {
      const views = () => [...this.#views.values()];
      this.terminal.live(() =>
        views()
          .map((each) => deploymentLines(each, this.terminal, this.seconds))
          .join("\n"),
      );
      return;
    }
    const line = deploymentSummary(view);
    if (line !== this.#last.get(view.job)) this.terminal.note(line);
    this.#last.set(view.job, line);
  }
}

function report(outcome: JobOutcome, terminal: Terminal, seconds: number): void {
  const { color } = terminal;
  const { view, result } = outcome;
  if (result === "healthy")
    terminal.note(`${color.green("✓")} ${view.job} version ${view.version} is healthy, ${seconds} s after the start`);
  if (result === "registered") terminal.note(`${color.green("✓")} ${view.job} is ready to be dispatched`);
  if (result === "unchanged") terminal.note(`${color.green("✓")} ${view.job} is as it was`);
  if (result === "waiting-for-promotion") {
    terminal.note(
      `${color.yellow("!")} ${view.job} version ${view.version}: the canaries are healthy and wait for: nomad job promote ${view.job}`,
    );
  }
  if (result !== "failed") return;
  const why =
    view.status === "running"
      ? "not healthy; Nomad itself goes on trying until the progress deadline"
      : view.description || view.status;
  terminal.note(`${color.red("✗")} ${view.job}${view.version === undefined ? "" : ` version ${view.version}`}: ${why}`);
  for (const group of view.groups.filter((candidate) => candidate.blocked))
    terminal.note(`  group ${group.name} found no node: ${group.blocked}`);
  for (const diagnosis of outcome.diagnoses) terminal.note(diagnosisText(diagnosis, terminal));
}

function serviceTable(services: Awaited<ReturnType<typeof listServices>>, terminal: Terminal): string {
  const { color } = terminal;
  const paint = { passing: color.green, warning: color.yellow, critical: color.red, absent: color.red };
  const rows = services.map((row) => [
    row.service,
    row.address || "-",
    paint[row.status](row.status),
    row.checks || "none",
    row.standIn ? color.yellow("stand-in") : "",
  ]);
  return terminal.table(
    ["SERVICE", "ADDRESS", "HEALTH", "CHECK", "PROGRAM"],
    rows.map((row) => row.map(String)),
  );
}
