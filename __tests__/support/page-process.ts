import type { ChildProcess } from "node:child_process";
import * as v from "valibot";
import { ended, type Project } from "./project";
import { until } from "./until";

const printed = v.object({ address: v.string(), login: v.string() });

/** The page that `cdk-nomad ui` serves in a project, as a process of its own. */
export class PageProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
    /** Opens it once. */
    readonly login: string,
    private readonly output: { text: string },
  ) {}

  /** Everything that it printed. */
  get said(): string {
    return this.output.text;
  }

  static async start(
    project: Project,
    env: Readonly<Record<string, string | undefined>> = {},
    ...more: readonly string[]
  ): Promise<PageProcess> {
    const child = project.spawn(["ui", "--json", ...more], env);
    const output = { text: "" };
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
    await until("the page is served", () => {
      if (child.exitCode !== null) throw new Error(output.text);
      return said.trim().endsWith("}");
    });
    const { address, login } = v.parse(printed, JSON.parse(said));
    return new PageProcess(child, address, login, output);
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.child.kill(signal);
  }

  async stop(): Promise<void> {
    const over = ended(this.child);
    this.child.kill("SIGCONT");
    this.child.kill("SIGTERM");
    await over;
  }
}
