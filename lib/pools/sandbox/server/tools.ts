import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { type executeRequest, type ExecuteAnswer } from "../protocol";
import { readUpTo } from "./artifacts";
import type { Chosen } from "./isolation";
import type { Limits } from "./limits";
import { Refused } from "./refused";
import type { Claim, Slot } from "./slot";
import { shellState } from "./start-script";

const text = v.pipe(
  v.string(),
  v.check((value) => !value.includes("\0"), "holds a NUL, which no command can"),
);
const bashArgs = v.object({
  command: text,
  cwd: v.nullish(text, ""),
  allow_network: v.nullish(v.boolean(), true),
  require_sandbox: v.nullish(v.boolean(), false),
});
const readArgs = v.object({ path: v.string() });
const writeArgs = v.object({ path: v.string(), content: v.string() });

export type Execution = v.InferOutput<typeof executeRequest>;
/** Takes a piece of output; the next comes when the promise has settled. */
export type OnOutput = (stream: "stdout" | "stderr", chunk: Buffer) => Promise<void> | undefined;

/** The tools of a slot. */
export class Tools {
  constructor(
    private readonly isolation: Chosen,
    private readonly limits: Limits,
  ) {}

  /**
   * Runs a tool when the slot is free. What goes wrong inside of the slot is part of the answer; what must not be run is refused.
   *
   * @param signal aborts when nobody waits for the answer any more
   * @throws Refused
   */
  async execute(
    slot: Slot,
    request: Execution,
    claim: Claim,
    signal: AbortSignal,
    onOutput?: OnOutput,
  ): Promise<ExecuteAnswer> {
    const execution_id = request.execution_id ?? randomUUID();
    const began = performance.now();
    const work = this.workOf(slot, request, began, onOutput);
    const seconds = request.timeout ?? 30;
    // Waiting for what runs before it counts too.
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(seconds * 1000))]);
    try {
      return await slot.use(claim, inTime, async (running) => {
        slot.executing = execution_id;
        try {
          return { ...(await work(running)), execution_id };
        } finally {
          slot.executing = undefined;
        }
      });
    } catch (error) {
      if (error instanceof Refused || !inTime.aborted) throw error;
      const exit_code = signal.aborted ? 130 : 124;
      const metadata = {
        exit_code,
        returncode: exit_code,
        timeout: !signal.aborted,
        cancelled: signal.aborted,
        ...this.described,
      };
      const words = signal.aborted ? "cancelled" : `timed out after ${seconds}s`;
      return {
        success: false,
        output: "",
        error: `Command ${words}: it waited for the one before it`,
        execution_id,
        metadata,
      };
    }
  }

  private workOf(slot: Slot, request: Execution, began: number, onOutput: OnOutput | undefined) {
    const { tool } = request;
    if (tool === "bash" || tool === "bash_stateful") {
      const args = argsOf(bashArgs, request);
      if (args.require_sandbox && this.isolation.kind === "none")
        throw new Refused(
          "sandbox-required",
          "Sandboxing required but this server keeps slots apart by nothing (--isolation none)",
        );
      if (!args.allow_network && !this.isolation.network)
        throw new Refused(
          "sandbox-required",
          "Network isolation requested but this server cannot make network namespaces",
        );
      return (signal: AbortSignal) => this.bash(slot, request, args, began, signal, onOutput);
    }
    if (tool === "read_file") {
      const { path } = argsOf(readArgs, request);
      return () => this.inSlot(() => this.readFile(slot, path));
    }
    if (tool === "write_file") {
      const { path, content } = argsOf(writeArgs, request);
      return () => this.inSlot(() => this.writeFile(slot, path, content));
    }
    if (tool === "tmux")
      throw new Refused(
        "not-supported",
        "tmux is not supported; bash_stateful keeps the folder and the exported variables",
      );
    throw new Refused(
      "unknown-tool",
      `Unknown tool: ${tool.slice(0, 64)}; there are bash, bash_stateful, read_file and write_file`,
    );
  }

  private async bash(
    slot: Slot,
    request: Execution,
    args: v.InferOutput<typeof bashArgs>,
    began: number,
    signal: AbortSignal,
    onOutput: OnOutput | undefined,
  ): Promise<ExecuteAnswer> {
    const stateful = request.tool === "bash_stateful";
    const seconds = request.timeout ?? 30;
    const kept = stateful ? slot.state : undefined;
    const given = request.env ?? {};
    const shell = await slot.shell(args.allow_network);
    const outcome = await shell.run(
      {
        text: args.command,
        env: { ...kept?.env, ...given },
        cwd: args.cwd || kept?.cwd || "",
        stdin: request.stdin === undefined ? undefined : Buffer.from(request.stdin, "base64"),
        stateful,
        timeout: Math.max(1, seconds * 1000 - (performance.now() - began)),
        outputLimit: this.limits.output,
        onOutput,
      },
      signal,
    );
    // Why it was ended before its time: a larger generation took the slot, or the server stops.
    const taken = signal.reason instanceof Refused ? signal.reason.message : undefined;
    // What evaded its end must not meet whoever comes next.
    if (!outcome.clean) slot.empty();
    if (!outcome.ready && outcome.ended === "exited")
      throw new Refused(
        "internal",
        `the slot's shell did not start: ${outcome.stderr.slice(0, 300) || `it ended with ${outcome.exitCode}`}`,
      );
    if (stateful) slot.state = shellState(outcome.told, given) ?? slot.state;
    const timeout = outcome.ended === "timeout" || (outcome.ended === "cancelled" && isTimeout(signal));
    const exit_code = timeout ? 124 : outcome.exitCode;
    const shown = (stream: string) =>
      stream.length >= this.limits.output && outcome.truncated ? `${stream}\n... (output truncated)` : stream;
    const [out, err] = [shown(outcome.stdout), shown(outcome.stderr)];
    return {
      success: exit_code === 0,
      output: (err === "" ? out : out === "" ? err : `${out}\n[stderr]\n${err}`).trim(),
      error:
        taken ?? (timeout ? `Command timed out after ${seconds}s` : exit_code === 0 ? "" : `Exit code: ${exit_code}`),
      metadata: {
        exit_code,
        returncode: exit_code,
        timeout,
        ...(outcome.ended === "cancelled" && !timeout ? { cancelled: true } : {}),
        ...this.described,
        network_isolated: !args.allow_network,
        truncated: outcome.truncated,
        duration: performance.now() - began,
      },
    };
  }

  /** What happens to a file of the slot is told, not refused: a task goes on with it. */
  private async inSlot(work: () => Promise<ExecuteAnswer>): Promise<ExecuteAnswer> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refused) || error.code === "internal") throw error;
      return { success: false, output: "", error: error.message, metadata: { ...this.described, code: error.code } };
    }
  }

  private async readFile(slot: Slot, path: string): Promise<ExecuteAnswer> {
    const { file, stats, place } = await slot.files.openFile(path);
    try {
      if (stats.size > this.limits.file)
        throw new Refused("too-large", `File too large: ${stats.size} bytes (max ${this.limits.file})`);
      const output = (await readUpTo(file, this.limits.file)).toString("utf8");
      const metadata = {
        exit_code: 0,
        returncode: 0,
        path: slot.files.relative(place),
        size: stats.size,
        ...this.described,
      };
      return { success: true, output, error: "", metadata };
    } finally {
      await file.close();
    }
  }

  private async writeFile(slot: Slot, path: string, content: string): Promise<ExecuteAnswer> {
    const data = Buffer.from(content, "utf8");
    if (data.length > this.limits.file)
      throw new Refused("too-large", `Content too large: ${data.length} bytes (max ${this.limits.file})`);
    const { file, place } = await slot.files.create(path);
    try {
      await file.writeFile(data);
    } finally {
      await file.close();
    }
    const metadata = {
      exit_code: 0,
      returncode: 0,
      path: slot.files.relative(place),
      size: data.length,
      ...this.described,
    };
    return { success: true, output: `Successfully wrote ${data.length} bytes to ${path}`, error: "", metadata };
  }

  private get described() {
    const { kind } = this.isolation;
    return { sandboxed: kind !== "none", isolation: kind, network_isolated: false };
  }
}

/** Whether it was aborted by the time that its request had. */
function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
}

function argsOf<S extends v.GenericSchema>(schema: S, { tool, args }: Execution): v.InferOutput<S> {
  const parsed = v.safeParse(schema, args);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Refused("malformed", `args of ${tool}: ${v.getDotPath(issue) ?? "they"}: ${issue.message}`.slice(0, 300));
}
