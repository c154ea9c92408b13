import { createHash, randomUUID } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { commandLine } from "./command-line";
import { WorkspaceFiles } from "./files";
import { FOLDERS, type Chosen } from "./isolation";
import { removeLeftovers, sharedFolders } from "./leftovers";
import type { Limits } from "./limits";
import { asVariable, type Marks } from "./marks";
import { endMarked, endUser } from "./processes";
import { Refused } from "./refused";
import { Shell, type ShellStart } from "./shell";
import { makePipes } from "./shell-pipes";
import { startScript, type ShellState } from "./start-script";

/** Whose a request is. */
export interface Claim {
  readonly generation: number | undefined;
  readonly owner: string | undefined;
  readonly keepWorkspace: boolean;
}

/** Milliseconds without a request until a shell is started for a slot's next command: in a burst, the commands that are there come first. */
const SPARE_AFTER = 250;

/** What is kept of a slot while the server is not there. */
interface Kept {
  readonly generation: number;
  /** A hash: whose it was is only compared. */
  readonly owner: string | undefined;
}

/**
 * A slot: a workspace with a user of its own, in which one request after another is worked on. Requests wait in the order in which they came; a
 * larger generation ends what runs, and empties the slot, before its first one.
 */
export class Slot {
  readonly workspace: string;
  /** What bash_stateful keeps between two calls. */
  state: ShellState | undefined;
  /** The execution that is worked on. */
  executing: string | undefined;
  readonly #own: string;
  readonly #uid: number;
  readonly #shared: readonly string[];
  #kept: Kept;
  /** What is still to be done before the next request: what runs is ended, and the workspace emptied. */
  #due: "nothing" | "end" | "empty" = "nothing";
  /** Whether nothing was done in the slot since it was emptied: then the next lease finds it so, and the shell that waits for its command. */
  #pristine = false;
  readonly #isNew: boolean;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #running: { readonly generation: number; readonly abort: AbortController } | undefined;
  #spare: Shell | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    readonly id: string,
    number: number,
    private readonly parts: {
      readonly dataDir: string;
      readonly isolation: Chosen;
      readonly limits: Limits;
      readonly marks: Marks;
      readonly note: (event: string, more: Readonly<Record<string, unknown>>) => void;
    },
  ) {
    const { dataDir, isolation } = parts;
    this.workspace = join(dataDir, id);
    this.#own = join(dataDir, ".slots", id);
    this.#uid = isolation.uidBase + number;
    this.#shared = sharedFolders(dataDir, process.env);
    mkdirSync(this.#own, { recursive: true, mode: 0o711 });
    chmodSync(this.#own, 0o711);
    this.#isNew = !existsSync(this.workspace);
    for (const folder of [this.workspace, this.#tmp]) if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    for (const folder of [this.workspace, this.#tmp]) this.give(folder);
    const pipes = join(this.#own, `pipes-${randomUUID().slice(0, 8)}`);
    mkdirSync(pipes, { mode: 0o711 });
    makePipes(pipes, isolation.ownUsers ? this.#uid : undefined);
    this.#pipes = pipes;
    this.#kept = this.read();
  }

  readonly #pipes: string;

  get generation(): number {
    return this.#kept.generation;
  }

  get files(): WorkspaceFiles {
    const { isolation } = this.parts;
    const names = isolation.workspace === undefined ? [] : [isolation.workspace];
    return new WorkspaceFiles(this.workspace, names, isolation.ownUsers ? this.#uid : undefined);
  }

  /**
   * Works on something when its turn comes. A claim with a larger generation than any before takes the slot at once.
   *
   * @param work is given a signal that aborts when the caller's does, or when the slot was taken by a larger generation
   * @throws Refused where the claim is stale, or too many wait
   */
  async use<T>(claim: Claim, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.turn(claim, signal, async (running) => {
      this.#pristine = false;
      return work(running);
    });
  }

  /** Ends what runs, and empties the slot, when its turn comes: at once for a claim with a larger generation than any before. */
  async reset(claim: Claim, signal: AbortSignal): Promise<void> {
    await this.turn(claim, signal, async () => {
      this.#due = "empty";
      await this.doWhatIsDue();
    });
  }

  private async turn<T>(claim: Claim, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.admit(claim);
    if (this.#waiting >= this.parts.limits.waiting)
      throw new Refused("busy", `${this.#waiting} requests wait for ${this.id} already`);
    clearTimeout(this.#spareTimer);
    this.#waiting += 1;
    const before = this.#last;
    let done = (): void => undefined;
    this.#last = new Promise<void>((resolve) => (done = resolve));
    try {
      await untilAborted(before, signal);
      this.admit(claim);
      await this.doWhatIsDue();
      const abort = new AbortController();
      const forward = () => abort.abort(signal.reason);
      signal.addEventListener("abort", forward);
      this.#running = { generation: this.generation, abort };
      try {
        return await work(abort.signal);
      } finally {
        signal.removeEventListener("abort", forward);
        this.#running = undefined;
      }
    } finally {
      this.#waiting -= 1;
      // Whoever gave up waiting lets nobody pass what still runs.
      void before.then(done);
      if (this.#waiting === 0 && !this.#closed)
        this.#spareTimer = setTimeout(() => this.prepare(), SPARE_AFTER).unref();
    }
  }

  /** Has the slot ready for its first request: a new one is gone through as after a lease, since another server's slot may have had its user. */
  async open(): Promise<void> {
    const nobody = { generation: undefined, owner: undefined, keepWorkspace: false };
    // Whoever has a lease already is served first, and has it emptied then.
    if (this.#isNew) await this.reset(nobody, new AbortController().signal).catch(() => undefined);
    this.prepare();
  }

  /** Has the slot emptied before the next request. */
  empty(): void {
    this.#due = "empty";
  }

  /** A shell for one command. */
  async shell(network: boolean): Promise<Shell> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.alive && network) return spare;
    // What sweeps after it would end the new one too: both have the slot's user.
    await spare?.end();
    return new Shell(this.start(network));
  }

  /** Starts a shell for the next command, so that it only needs to be told. */
  prepare(): void {
    if (this.#closed || this.#waiting > 0 || this.#spare?.alive) return;
    try {
      this.#spare = new Shell(this.start(true));
    } catch (error) {
      this.parts.note("no-spare-shell", { slot: this.id, error: String(error) });
    }
  }

  /** Ends all that runs. Nothing is started any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#spareTimer);
    this.#running?.abort.abort(new Refused("stopping", "the sandbox server is stopping"));
    await this.#last;
    await this.endProcesses();
    await rm(this.#pipes, { recursive: true, force: true });
  }

  private admit({ generation, owner, keepWorkspace }: Claim): void {
    const known = this.generation;
    if (generation === undefined || generation === 0) {
      if (known === 0) return;
      throw new Refused("no-generation", `${this.id} is leased: the request has to name its lease's generation`, {
        generation: known,
      });
    }
    if (generation < known)
      throw new Refused("stale-generation", `${this.id} was leased again since: generation ${generation} is over`, {
        generation: known,
      });
    if (generation === known) return;
    const hash = owner === undefined ? undefined : createHash("sha256").update(owner).digest("hex");
    const keep = keepWorkspace && hash !== undefined && hash === this.#kept.owner;
    // What was not done yet for a generation between is done all the same.
    if (this.#due !== "empty") this.#due = keep ? "end" : "empty";
    this.#kept = { generation, owner: hash };
    this.write();
    if (this.#running && this.#running.generation < generation)
      this.#running.abort.abort(new Refused("stale-generation", `${this.id} was leased again`, { generation }));
  }

  private async doWhatIsDue(): Promise<void> {
    if (this.#due === "nothing" || this.#pristine) {
      this.#due = "nothing";
      return;
    }
    const due = this.#due;
    if (!(await this.endProcesses())) throw new Refused("internal", `what ran in ${this.id} does not end`);
    if (due === "empty") await this.replaceFolders();
    this.#due = "nothing";
    // Where slots have no user of their own, others reach this one.
    this.#pristine = due === "empty" && this.parts.isolation.kind !== "none";
  }

  private async endProcesses(): Promise<boolean> {
    const spare = this.#spare;
    this.#spare = undefined;
    // It sweeps as it ends.
    return (await spare?.end()) || this.sweep();
  }

  /** Puts the old folders out of reach at once, and removes them after. */
  private async replaceFolders(): Promise<void> {
    this.state = undefined;
    const trash = join(this.#own, `trash-${randomUUID()}`);
    mkdirSync(trash, { mode: 0o700 });
    renameSync(this.workspace, join(trash, "workspace"));
    renameSync(this.#tmp, join(trash, "tmp"));
    for (const folder of [this.workspace, this.#tmp]) {
      mkdirSync(folder, { mode: 0o700 });
      this.give(folder);
    }
    const removed = rm(trash, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
      this.parts.note("trash-stays", { slot: this.id, error: String(error) }),
    );
    const { kind, programs } = this.parts.isolation;
    if (kind === "user")
      await removeLeftovers(this.#uid, this.#shared, [this.workspace], programs.setpriv ?? "setpriv");
    // Where one user has everything, what is renamed is still within reach.
    if (kind === "none") await removed;
  }

  private start(network: boolean): ShellStart {
    const { isolation, limits } = this.parts;
    const { ownUsers, namespaces, programs } = isolation;
    const place = { workspace: this.workspace, tmp: this.#tmp, uid: this.#uid };
    const script = startScript(limits, { ownUser: ownUsers, privateTmp: namespaces });
    const [program, ...args] = commandLine(isolation, place, script, { network, system: isolation.system });
    const home = isolation.workspace ?? this.workspace;
    return {
      program,
      args,
      cwd: this.workspace,
      env: {
        PATH: FOLDERS.join(":"),
        HOME: home,
        TMPDIR: namespaces ? "/tmp" : this.#tmp,
        USER: "sandbox",
        SHELL: programs.bash,
        LANG: "C.UTF-8",
        TERM: "dumb",
        ...asVariable(this.mark),
      },
      pipes: this.#pipes,
      namespaces,
      sweep: () => this.sweep(),
    };
  }

  /** Ends every process of the slot, however it was started. @returns whether none is left */
  private async sweep(): Promise<boolean> {
    const { ownUsers, namespaces, programs } = this.parts.isolation;
    if (ownUsers) return endUser(this.#uid, programs.setpriv ?? "setpriv");
    return namespaces ? true : endMarked(this.mark);
  }

  private get mark(): string {
    return this.parts.marks.slot(this.id);
  }

  private give(folder: string): void {
    const { ownUsers } = this.parts.isolation;
    if (ownUsers) chownSync(folder, this.#uid, this.#uid);
    chmodSync(folder, 0o700);
  }

  get #tmp(): string {
    return join(this.#own, "tmp");
  }

  get #file(): string {
    return join(this.#own, "lease.json");
  }

  private read(): Kept {
    try {
      const { generation, owner } = JSON.parse(readFileSync(this.#file, "utf8")) as Partial<Kept>;
      if (Number.isSafeInteger(generation)) return { generation: generation ?? 0, owner };
    } catch {
      // There was none.
    }
    return { generation: 0, owner: undefined };
  }

  private write(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#kept), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Waits for something, no longer than until a signal aborts. */
async function untilAborted(something: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener("abort", stop);
  });
  await Promise.race([something, aborted]);
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
}
