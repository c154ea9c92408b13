import { UserError } from "../../errors";
import { NoAnswerError } from "../../errors";
import { passingTrouble, type ExecOptions, type ExecSession, type NomadClient } from "../../nomad";
import { setTimeout as sleep } from "node:timers/promises";
import type { Place } from "./execution";
import { Beginning } from "./output";
import { START } from "./start-line";

/** A shell in a place that has said its process id, and waits for its line. */
export interface StartedShell {
  readonly session: ExecSession;
  /** Its process id, as the place counts. */
  readonly pid: string;
  readonly output: Beginning;
}

/** How long a place may take until its shell says something, in milliseconds. */
const START_LIMIT = 20_000;
/** Pauses before it is tried again; nothing has run before the line was sent. */
const PAUSES = [100, 300, 900];

/**
 * Starts the shell that waits for its line. What fails before has run nothing, and is tried again where that may help.
 *
 * @throws UserError where the place has no shell, or lacks what ends commands there; else as {@link NomadClient.exec}
 */
export async function startShell(nomad: NomadClient, place: Place, options: ExecOptions): Promise<StartedShell> {
  for (let turn = 0; ; turn += 1) {
    try {
      return await tryToStart(nomad, place, options);
    } catch (error) {
      const pause = PAUSES[turn];
      if (options.signal?.aborted || pause === undefined || passingTrouble(error) === undefined) throw error;
      await sleep(pause * (0.75 + Math.random() / 2), undefined, { signal: options.signal });
    }
  }
}

async function tryToStart(
  nomad: NomadClient,
  { allocation, task }: Place,
  options: ExecOptions,
): Promise<StartedShell> {
  const session = await nomad.exec(allocation, task, START, options);
  const late = setTimeout(() => session.close(), START_LIMIT);
  try {
    const output = new Beginning(session.stdout);
    const [, pid, missing] = /^(\d+)(?: ([a-z]+))?$/.exec((await output.line()) ?? "") ?? [];
    if (pid !== undefined && missing === undefined) return { session, pid, output };
    if (missing !== undefined)
      throw UserError.at(
        `${task} of ${allocation}`,
        `has no program ${missing} on its PATH, without which what a command starts cannot be ended there; take an image, or a PATH, that has it: busybox will do`,
        "execute/shell",
      );
    // What says why is how the session ends.
    session.end().catch(() => undefined);
    const code = await session.exitCode;
    // A shell that has read no line ends with another code: Docker has let go of the session before it began.
    if (code === 0)
      throw new NoAnswerError("Nomad", "absent", `the exec into ${task} of ${allocation} ended before its shell began`);
    throw UserError.at(
      `${task} of ${allocation}`,
      `has no shell that starts (exit code ${code}); run a task whose image has /bin/sh`,
      "execute/shell",
    );
  } catch (error) {
    session.close();
    options.signal?.throwIfAborted();
    if (!(error instanceof NoAnswerError) || error.kind !== "closed") throw error;
    const seconds = START_LIMIT / 1000;
    throw new NoAnswerError(
      "Nomad",
      "silent",
      `no shell started in ${task} of ${allocation} within ${seconds} s; look whether the node is overloaded, and whether its image has /bin/sh`,
    );
  } finally {
    clearTimeout(late);
  }
}
