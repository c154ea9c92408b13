import { createHash } from "node:crypto";
import { UserError } from "../../errors";
import { ExecutionLostError, type ExecuteOptions, type ExecutionResult, type Place } from "../execution";
import type { Lease } from "../leases";
import type { ExecuteAnswer, ExecuteRequest } from "../sandbox";
import { leaseEnded } from "./held-slots";
import { inputOf } from "./input";
import { Output } from "./output";
import type { ToolCall } from "./options";
import type { PooledSandbox } from "./pooled-sandbox";
import { callToken, sandboxSlotOf, type SandboxSlot } from "./slot-key";
import { SandboxLostError, SandboxRefusal } from "./sandbox-client";

/** Where nothing is said, and at most: a day. */
const TIMEOUT = 300_000;
const LONGEST_TIMEOUT = 86_400_000;
/** What these tools write comes as a stream; the others answer in one piece. */
const STREAMED = new Set(["bash"]);

/** Says what belongs to a lease, without saying whose it is: an owner may be any text, a server only compares it. */
export function ownerMark(lease: Lease): string {
  return createHash("sha256").update(lease.owner).digest("hex");
}

/** Which slot of which sandbox is leased. @throws UserError where the lease is of something else, such as a container of a warm pool */
export function slotOf(lease: Lease): SandboxSlot {
  const slot = sandboxSlotOf(lease.slot);
  if (slot !== undefined) return slot;
  throw UserError.at(
    "lease",
    `${JSON.stringify(lease.slot)} is no slot of a sandbox; acquire one of this pool`,
    "slot-pool/slot",
  );
}

/**
 * Runs one command or tool in a slot. The lease's generation goes along, so that the sandbox itself refuses it once somebody else has the slot.
 *
 * @throws LeaseEndedError where the sandbox refuses the generation, or is not there any more: nothing was run
 * @throws ExecutionLostError where the sandbox was lost under the command
 * @throws UserError for what cannot be run
 */
export async function call(
  sandbox: PooledSandbox,
  lease: Lease,
  command: string | ToolCall,
  options: ExecuteOptions,
  { over, cancelled }: { readonly over: AbortSignal; readonly cancelled: AbortSignal },
): Promise<ExecutionResult> {
  const began = performance.now();
  const { tool, args = {} } = typeof command === "string" ? { tool: "bash", args: { command } } : command;
  const timeout = timeoutOf(options.timeout);
  const output = new Output(options);
  const cancel = options.signal ? AbortSignal.any([cancelled, options.signal]) : cancelled;
  const signal = AbortSignal.any([over, cancel]);
  const ended = (exitCode: number, how: ExecutionResult["ended"], more = false): ExecutionResult => ({
    exitCode,
    ended: how,
    ...output.texts(),
    truncated: output.truncated || more,
    duration: Math.round(performance.now() - began),
    isolation: sandbox.isolation,
  });
  // Its time runs from the beginning, also while what it shall read is still coming.
  const time = AbortSignal.timeout(timeout);
  let answer: ExecuteAnswer;
  try {
    signal.throwIfAborted();
    const stdin =
      options.stdin === undefined ? undefined : await inputOf(options.stdin, AbortSignal.any([signal, time]));
    const request: ExecuteRequest = {
      slot_id: slotOf(lease).name,
      generation: callToken(lease.generation),
      owner: ownerMark(lease),
      tool,
      args: options.cwd === undefined ? args : { ...args, cwd: options.cwd },
      timeout: timeout / 1000,
      ...(options.env || options.secrets ? { env: { ...options.env, ...options.secrets } } : {}),
      ...(stdin === undefined ? {} : { stdin: stdin.toString("base64") }),
    };
    answer = STREAMED.has(tool)
      ? await sandbox.client.stream(request, timeout, sandbox.token, output, signal)
      : await sandbox.client.execute(request, timeout, sandbox.token, signal);
  } catch (error) {
    // What closes the connection ends the command: the sandbox kills what it started.
    if (cancel.aborted && !over.aborted) return ended(130, "cancelled");
    if (over.aborted && sandbox.lost === undefined) throw over.reason;
    if (error === time.reason) return ended(124, "timeout");
    throw await meaningOf(error, sandbox, lease);
  }
  const { metadata, success } = answer;
  const code = metadata.exit_code ?? metadata.returncode;
  // What a command wrote came as a stream; what a tool answers stands in its answer.
  if (code === undefined || !STREAMED.has(tool)) await output.add(answer.output, answer.error);
  if (metadata.timeout === true) return ended(124, "timeout", metadata.truncated);
  // Nobody here gave it up: the sandbox ended it for whoever has the slot now.
  if (metadata.cancelled === true && !cancel.aborted)
    throw leaseEnded(lease, "stale", "the sandbox ended the command, since the slot was taken from it");
  if (metadata.cancelled === true) return ended(130, "cancelled", metadata.truncated);
  return ended(code ?? (success ? 0 : 1), "exited", metadata.truncated);
}

/**
 * What an error of a sandbox's client means to the holder of a lease. Where a connection was lost, the sandbox is asked: if it does not answer
 * either, the lease is over.
 */
export async function meaningOf(error: unknown, sandbox: PooledSandbox, lease: Lease): Promise<unknown> {
  if (error instanceof SandboxRefusal) return refused(error, lease);
  if (!(error instanceof SandboxLostError) && !sandbox.over.aborted) return error;
  const isReached = !(error instanceof SandboxLostError) || error.reached;
  const isThere = await sandbox.answers();
  const what = error instanceof SandboxLostError ? error.message : "the command lost its sandbox";
  if (!isReached && !isThere) return leaseEnded(lease, "gone", `${what}; nothing was run`);
  return new SlotLostError(sandbox.place, isThere, `${what}; what the command did until then is not known`);
}

/** {@link ExecutionLostError}, and whether the sandbox is still there. */
export class SlotLostError extends ExecutionLostError {
  constructor(
    place: Place,
    readonly isThere: boolean,
    message: string,
  ) {
    super(place, isThere ? message : `${message}; its sandbox is over: acquire another slot`);
  }
}

function refused({ refusal: { code, error }, status }: SandboxRefusal, lease: Lease): Error {
  if (code === "stale-generation" || code === "no-generation")
    return leaseEnded(lease, "stale", "the sandbox has seen a newer lease of the slot");
  if (code === "stopping") return leaseEnded(lease, "gone", "its sandbox is being stopped; nothing was run");
  if (code === "unauthorized" || status === 401)
    return leaseEnded(
      lease,
      "gone",
      "the sandbox refuses the token: it was started anew, or another is on its port; nothing was run",
    );
  return UserError.at("", error, `sandbox/${code ?? status}`);
}

function timeoutOf(timeout = TIMEOUT): number {
  if (!(timeout > 0) || timeout > LONGEST_TIMEOUT)
    throw UserError.at(
      "timeout",
      `${timeout} is no time for a command; write milliseconds, from 1 to ${LONGEST_TIMEOUT}`,
      "execute/timeout",
    );
  return timeout;
}
