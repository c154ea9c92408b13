import type { Said } from "./project";
import { QUIET_STREAM, recorded, recordedJob, ReplayServer, type Answers, type Recorded } from "./replay";
import { cli, environment, type RunOptions } from "./run-cli";
import { SynthesizedProject } from "./synthesized";

/** What is wanted where the recorded server does not hand the job out. */
const SMALL_JOB = {
  ID: "web",
  TaskGroups: [{ Name: "api", Tasks: [{ Name: "main", Driver: "raw_exec", Config: { command: "/bin/true" } }] }],
};

function isJobThere({ nomad }: Recorded): boolean {
  const answer = nomad["GET /v1/job/web"];
  return typeof answer === "object" && "body" in answer && typeof answer.body === "object" && answer.body !== null;
}

/** A recorded state of a cluster, with a project whose stack `dev` has the job that was registered there. */
export class ClusterState {
  private constructor(
    readonly nomad: ReplayServer,
    readonly consul: ReplayServer,
    readonly project: SynthesizedProject,
  ) {}

  /**
   * @param name a file of `__tests__/fixtures/servers`
   * @param more what Nomad answers beside it, or otherwise
   */
  static async open(name: string, more: Answers = {}): Promise<ClusterState> {
    const state = recorded(name);
    const project = SynthesizedProject.ofJobs(isJobThere(state) ? recordedJob(state) : SMALL_JOB);
    const nomad = new ReplayServer({ ...state.nomad, "GET /v1/event/stream": QUIET_STREAM, ...more });
    const consul = new ReplayServer(state.consul);
    await Promise.all([nomad.open(), consul.open()]);
    return new ClusterState(nomad, consul, project);
  }

  /** Runs a command line against it in this process. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Said> {
    const env = environment({ NOMAD_ADDR: this.nomad.address, CONSUL_HTTP_ADDR: this.consul.address });
    return cli(args, { cwd: this.project.folder, env, ...options });
  }

  async close(): Promise<void> {
    await Promise.all([this.nomad.close(), this.consul.close()]);
    this.project.remove();
  }
}

/** Runs something with a state, and closes it. */
export async function withState<T>(
  name: string,
  run: (state: ClusterState) => Promise<T>,
  more: Answers = {},
): Promise<T> {
  const state = await ClusterState.open(name, more);
  try {
    return await run(state);
  } finally {
    await state.close();
  }
}
