import { setTimeout as sleep } from "node:timers/promises";
import { knownBy, readRecord } from "../../lib/operations";
import { projectIdentity } from "../../lib/stack-record";
import { portsAt, takenPorts, type ClusterStatus } from "../../lib/local";
import type { TestCluster } from "./cluster";
import { processesNaming } from "./processes";
import { ended } from "./project";

/** The commands that are killed on their way. */
export const KILLED = ["up", "deploy", "down"] as const;
/** One of them. */
export type KilledCommand = (typeof KILLED)[number];

/** What was found after a command was killed; what is wrong, in words. */
export interface AfterKill {
  /** Where `status` did not tell what the system tells. */
  readonly untrue: readonly string[];
  /** Of a killed deployment: jobs that run and stand in no record, and what the next one did not mend. */
  readonly unrecorded: readonly string[];
  /** What was left after `down`. */
  readonly left: readonly string[];
}

/** An embedded cluster whose commands are killed at chosen moments, with what the system itself then tells of it. */
export class KilledCommands {
  /** @param cluster one of small jobs, not started */
  constructor(private readonly cluster: TestCluster) {}

  private get project() {
    return this.cluster.project;
  }

  /** How long a command takes when nobody kills it, in milliseconds. */
  async duration(command: KilledCommand): Promise<number> {
    await this.before(command);
    const start = performance.now();
    await this.run(command);
    const took = performance.now() - start;
    await this.run("down");
    return took;
  }

  /**
   * Kills a command, and says what was found then and after `down`.
   *
   * @param after when it is killed, in milliseconds since its start
   */
  async kill(command: KilledCommand, after: number): Promise<AfterKill> {
    await this.before(command);
    const child = this.project.spawn(this.words(command));
    const said = ended(child);
    await sleep(after);
    child.kill("SIGKILL");
    await said;
    // What it started ends, or goes on to live: for a moment it may be either.
    await sleep(300);
    const untrue = await this.untruths();
    const unrecorded = command === "deploy" ? await this.unrecorded() : [];
    const down = await this.run("down");
    return {
      untrue,
      unrecorded,
      left: [...(down.code === 0 ? [] : [`down ended with ${down.code}: ${down.stderr}`]), ...(await this.left())],
    };
  }

  private async before(command: KilledCommand): Promise<void> {
    this.program("old", "1");
    const needs = { up: [], deploy: ["up", "deploy"], down: ["up", "deploy"] } as const;
    for (const each of needs[command]) {
      const said = await this.run(each);
      if (said.code !== 0) throw new Error(said.stderr);
    }
    // The deployment that is killed changes a job, brings one, and stops one.
    if (command === "deploy") this.program("new", "2");
  }

  /** @param third a job beside the two that are always there */
  private program(third: string, release: string): void {
    const env = { MARK: this.mark };
    this.project.change({
      jobs: [
        { id: "web", count: 2, env: { ...env, RELEASE: release } },
        { id: "worker", env },
        { id: third, env },
      ],
    });
  }

  /** What runs and stands in no record after a deployment was killed; and what is otherwise than the program says after the next one. */
  private async unrecorded(): Promise<readonly string[]> {
    const { nomad, consul } = this.cluster;
    const place = { ...this.identity, store: "nomad" as const };
    const recorded = async () => {
      const state = await readRecord(place, { nomad, consul });
      return state.kind === "found"
        ? knownBy(state.record)
            .jobs.filter(({ stopped }) => stopped !== true)
            .map(({ id }) => id)
            .sort()
        : [state.kind];
    };
    const running = async () =>
      (await nomad.jobs())
        .filter(({ Stop }) => !Stop)
        .map(({ ID }) => ID)
        .sort();
    const known = await recorded();
    const wrong = (await running()).filter((id) => !known.includes(id)).map((id) => `${id} runs, and no record has it`);
    const said = await this.run("deploy");
    if (said.code !== 0) wrong.push(`the next deployment ended with ${said.code}: ${said.stderr}`);
    const now = JSON.stringify([await running(), await recorded()]);
    const shall = ["new", "web", "worker"];
    if (now !== JSON.stringify([shall, shall]))
      wrong.push(`after the next deployment, what runs and what is recorded: ${now}`);
    return wrong;
  }

  private get identity() {
    return { project: projectIdentity(this.project.folder), environment: "dev" };
  }

  private words(command: KilledCommand): readonly string[] {
    return { up: ["up", "--port-offset", String(this.cluster.offset)], deploy: ["deploy", "dev"], down: ["down"] }[
      command
    ];
  }

  private run(command: KilledCommand) {
    return this.project.run(this.words(command));
  }

  private get mark(): string {
    return `of ${this.project.folder}`;
  }

  /** Processes of tasks. */
  private tasks(): number {
    return processesNaming(`MARK=${this.mark}`).length;
  }

  /** What `status` tells, held against what /proc tells. */
  private async untruths(): Promise<readonly string[]> {
    const said = await this.project.run(["status", "--json"]);
    const status = JSON.parse(said.stdout) as ClusterStatus;
    const wrong: string[] = [];
    const claim = (holds: boolean, what: string) => {
      if (!holds) wrong.push(`${what}; status: ${JSON.stringify(status)}, exit code ${said.code}`);
    };
    for (const { name, running } of status.agents)
      claim(running === this.project.runs(name), `${name} ${running ? "does not run" : "runs"}`);
    const agents = ["consul", "nomad"].filter((name) => this.project.runs(name));
    const orphans = this.project.runs("nomad") ? 0 : this.tasks();
    claim(status.abandoned > 0 === orphans > 0, `${orphans} processes of tasks are without a Nomad`);
    const phase = agents.length + orphans === 0 ? "stopped" : status.phase === "stopped" ? "not stopped" : status.phase;
    claim(status.phase === phase, `it is ${phase}`);
    if (agents.length < 2) claim(status.phase !== "running", "not all of it runs");
    claim(said.code === { running: 0, partial: 6, stopped: 7 }[status.phase], "the exit code is another one's");
    return wrong;
  }

  private async left(): Promise<readonly string[]> {
    const { processes, mounts } = this.project.leftovers();
    const ports = await takenPorts(portsAt(this.cluster.offset));
    return [
      ...processes.map((pid) => `process ${pid}`),
      ...processesNaming(`MARK=${this.mark}`).map(({ pid }) => `process ${pid} of a task`),
      ...mounts.map((mount) => `mount ${mount}`),
      ...ports.map(({ port, owner }) => `port ${port}, ${owner ?? "of somebody"}`),
    ];
  }
}
