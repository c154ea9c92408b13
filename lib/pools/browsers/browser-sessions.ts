import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../errors";
import { ANYTHING, checkProps, NUMBER, OBJECT, required, TEXT, TEXTS, type PropKinds } from "../../jobspec/host";
import { type Resources, type ResourcesProps } from "../../jobspec";
import {
  isTokenRefused,
  stopAndPurge,
  tellsWhy,
  type AllocationStub,
  type JobJson,
  type NomadClient,
} from "../../nomad";
import { BrowserVmJob, checkMachine, CONNECT, SCREEN_TASK, type QemuMachine } from "../jobs";
import { LeaseBook, LeaseEndedError, type Lease, type LeaseSettings } from "../leases";
import { RuntimeFailedError, untilRefused } from "../runtime";
import type { Store } from "../store";
import { Channel, checkAddress, type BrowserState } from "./channel";
import type { ScreenStream } from "./screen-stream";

/** What {@link BrowserSessions} are made of. */
export interface BrowserSessionsOptions {
  /** The Nomad that runs the machines. */
  readonly nomad: NomadClient;
  /** Where the leases of the places are kept: whoever has the same store and pool shares them. */
  readonly store: Store;
  /** How the machines are run. Default: from the state in `/var/lib/cdk-nomad/browser`, with what the node has. */
  readonly machine?: QemuMachine;
  /** What a machine needs. Default: that of {@link BrowserVmJob}. */
  readonly resources?: Resources | ResourcesProps;
  /** How many there may be at once, 1 to 254, each with an address of its own. Default: 16. */
  readonly places?: number;
  /** The datacenters of the jobs. Default: any. */
  readonly datacenters?: readonly string[];
  /** The name of their pool in the store. Default: `browser-vm`. */
  readonly pool?: string;
  /** How leases are kept. Default: as a lease book does. */
  readonly leases?: LeaseSettings;
  /** Told of what went wrong and is tried again. Default: nobody is told. */
  readonly onTrouble?: (message: string) => void;
}

const KINDS: PropKinds<BrowserSessionsOptions> = {
  nomad: required(OBJECT),
  store: required(OBJECT),
  machine: OBJECT,
  resources: ANYTHING,
  places: NUMBER,
  datacenters: TEXTS,
  pool: TEXT,
  leases: OBJECT,
  onTrouble: ANYTHING,
};

/** A browser for one login. */
export interface BrowserRequest {
  /** Whose it is: any text. */
  readonly owner: string;
  /** Where the person logs in, such as `google`. */
  readonly provider: string;
  /** The page that is opened. It reaches the guest alone: no job, no argument and no log has it. */
  readonly url: string;
  /** For how long it stands without a call, in milliseconds. Default: 600,000. */
  readonly standing?: number;
  /** How long a place is waited for, in milliseconds. Default: 0. */
  readonly wait?: number;
  /** How long the machine may take until its browser has the page, in milliseconds. Default: 120,000. */
  readonly startTimeout?: number;
  /**
   * Told what the session is called once it has a place: from then on it may stand among those that are listed, long before its browser has the page. Where it throws, the place is
   * given up before there is a machine. Default: nobody is told.
   */
  readonly onPlace?: (id: string) => void | Promise<void>;
  /** Gives it up: what was begun is ended. Default: nobody does. */
  readonly signal?: AbortSignal;
}

/** A session that stands: a plain value, which any process of the same store may use. */
export interface BrowserSession {
  /** What it is called by: it names its place and its lease's generation, so that it never comes back. */
  readonly id: string;
  /** The lease of its place: kept as a password is. */
  readonly lease: Lease;
  /** Where the person logs in, such as `google`. */
  readonly provider: string;
  /** The id of its machine's job. */
  readonly job: string;
}

/** The network of the machines' addresses. */
const NETWORK = "192.168.100";
const STANDING = 600_000;
const START_TIMEOUT = 120_000;
/** How long the store may take to answer a claim that does not wait, in milliseconds. */
const ANSWERED = 2000;
/** Between two questions to a guest that is not there yet, in milliseconds. */
const AGAIN = 200;
/** The longest that one question waits for a change, in seconds. */
const WAIT = 5;
const ID = /^(\d{1,3})-(\d{1,15})$/;
const OVER = new Set(["complete", "failed", "lost"]);

/**
 * Browsers in machines of their own, each for one login of a person. A place is an address of the machines' network, leased in the store: two sessions never
 * have one, whichever processes opened them, and a lease that is over ends its machine, whoever finds it.
 *
 * A machine's screen is reached by an exec of Nomad's into its allocation: it listens at no port.
 */
export class BrowserSessions {
  readonly #book: LeaseBook;
  readonly #channel: Channel;
  readonly #nomad: NomadClient;

  /** @throws UserError where the machines or their number cannot be had as they are written */
  constructor(private readonly options: BrowserSessionsOptions) {
    checkProps(options, "BrowserSessions", KINDS);
    const { nomad, store, machine, places = 16, pool = "browser-vm", leases, onTrouble } = options;
    if (machine) checkMachine(machine);
    if (!Number.isInteger(places) || places < 1 || places > 254)
      throw UserError.at("places", `${places} is out of range; write 1 to 254`, "browser/places");
    const all = Array.from({ length: places }, (_, index) => `${NETWORK}.${index + 1}`);
    this.#nomad = nomad;
    this.#channel = new Channel(nomad);
    this.#book = new LeaseBook({
      ...leases,
      store,
      pool,
      candidates: () => all,
      end: (slot, signal) => this.end(slot, signal),
      onTrouble,
    });
  }

  /** Makes this process known to the others of the store. @throws what the store says, where it does not answer */
  async start(): Promise<void> {
    return this.#book.start();
  }

  /** Lets go of the store. Sessions stand for their time, and another process serves them. */
  async stop(): Promise<void> {
    await this.#book.handOver();
  }

  /**
   * Opens a session: it is there once its browser has the page.
   *
   * @throws PoolBusyError where no place is free in time; RuntimeFailedError where its machine does not start; UserError for what is no address
   */
  async open(request: BrowserRequest): Promise<BrowserSession> {
    const {
      owner,
      provider,
      url,
      standing = STANDING,
      wait = 0,
      startTimeout = START_TIMEOUT,
      onPlace,
      signal,
    } = request;
    checkAddress(url);
    const lease = await this.#book.claim({
      owner,
      standing,
      queue: wait > 0,
      timeout: Math.max(wait, ANSWERED),
      signal,
    });
    try {
      await onPlace?.(idOf(lease));
      const session = await this.submit(lease, provider);
      const late = AbortSignal.timeout(startTimeout);
      const until = signal ? AbortSignal.any([signal, late]) : late;
      try {
        await this.sendTo(session, url, until);
      } catch (error) {
        if (!late.aborted || signal?.aborted) throw error;
        const why = `its browser had no page within ${startTimeout / 1000} s`;
        throw new RuntimeFailedError(session.job, "time", why, `${session.job} did not start: ${why}`);
      }
      // Its time begins with the page.
      await this.#book.renew(lease);
      return session;
    } catch (error) {
      await this.#book.release(lease).catch(() => undefined);
      throw error;
    }
  }

  /** The session of an id, while its lease stands. */
  async find(id: string): Promise<BrowserSession | undefined> {
    const [, place, generation] = ID.exec(id) ?? [];
    if (place === undefined || Number(place) > 254) return undefined;
    const lease = await this.#book.find(`${NETWORK}.${Number(place)}`);
    if (lease?.generation !== Number(generation)) return undefined;
    const [job] = await this.jobsOf(lease.slot, lease.generation);
    return job && { id, lease, provider: job.provider, job: job.id };
  }

  /** Every session that stands, whoever opened it. */
  async list(): Promise<readonly BrowserSession[]> {
    const leases = await this.#book.list();
    const found = await Promise.all(leases.map((lease) => this.find(idOf(lease))));
    return found.filter((session) => session !== undefined);
  }

  /** What the sessions of an owner are called that have a place, whichever process has opened them, or is about to: those without a machine yet are among them. */
  async placesOf(owner: string): Promise<readonly string[]> {
    return (await this.#book.list()).filter((lease) => lease.owner === owner).map(idOf);
  }

  /**
   * How far a session is: with `credentials`, what its login has handed over. That is all that comes out of a machine, and the one way.
   *
   * @throws LeaseEndedError where its machine is not there any more
   */
  async state(session: BrowserSession, signal?: AbortSignal): Promise<BrowserState> {
    return this.#channel.state((await this.running(session)).ID, signal);
  }

  /**
   * Its screen: a connection to the machine's VNC server, in the protocol RFB.
   *
   * @throws LeaseEndedError where its machine is not there any more
   */
  async screen(session: BrowserSession, signal?: AbortSignal): Promise<ScreenStream> {
    return this.#nomad.exec((await this.running(session)).ID, SCREEN_TASK, CONNECT.screen, { signal });
  }

  /** Says that a session is still wanted. @throws LeaseEndedError */
  async renew({ lease }: BrowserSession): Promise<void> {
    return this.#book.renew(lease);
  }

  /** Ends a session: its machine is shut down before its place is given to anybody else. @throws LeaseEndedError where it has ended before */
  async close({ lease }: BrowserSession): Promise<void> {
    return this.#book.release(lease);
  }

  private async submit(lease: Lease, provider: string): Promise<BrowserSession> {
    const { machine = { kind: "qemu" }, resources, datacenters } = this.options;
    const job = new BrowserVmJob({
      sessionId: sessionOf(lease.slot, lease.generation),
      userId: lease.owner,
      provider,
      vmIp: lease.slot,
      machine,
      resources,
      datacenters,
    });
    // An id that is there already is somebody else's job.
    await this.#nomad.register(job.toApi().Job as JobJson, 0);
    return { id: idOf(lease), lease, provider, job: job.id };
  }

  /** Sends the browser of a session that has just been submitted to its page, and waits until it goes there. */
  private async sendTo({ job }: BrowserSession, url: string, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const refused = untilRefused(job, this.#nomad, { onDecision: () => undefined, signal: both }).then(({ why }) => {
      throw new RuntimeFailedError(job, "placement", why, `${job} is not placed: ${why}`);
    });
    try {
      await Promise.race([this.sendOnceRunning(job, url, both), refused]);
    } finally {
      over.abort();
    }
  }

  private async sendOnceRunning(job: string, url: string, signal: AbortSignal): Promise<void> {
    const allocation = await this.untilRuns(job, signal);
    for (let isSent = false; ; await sleep(AGAIN, undefined, { signal })) {
      try {
        if (!isSent) await this.#channel.open(allocation, url, signal);
        isSent = true;
        if ((await this.#channel.state(allocation, signal)).kind !== "waiting") return;
      } catch (error) {
        signal.throwIfAborted();
        if (isTokenRefused(error)) throw error;
        // It boots, or has ended.
        await this.untilRuns(job, signal);
      }
    }
  }

  /** The allocation of a job whose machine runs. @throws RuntimeFailedError where it has failed */
  private async untilRuns(job: string, signal: AbortSignal): Promise<string> {
    for (let index: number | undefined; ;) {
      const answer = await this.#nomad.watchAllocations(job, { index, seconds: WAIT, signal });
      index = answer.index;
      const [allocation] = answer.value;
      if (allocation === undefined) continue;
      if (OVER.has(allocation.ClientStatus)) {
        const why = whyOf(allocation);
        throw new RuntimeFailedError(job, "task", why, `${job} did not start: ${why}`);
      }
      if (runs(allocation)) return allocation.ID;
    }
  }

  /** The allocation of a session's machine. @throws LeaseEndedError where it runs no more: the session is ended then, since its place is of no use */
  private async running({ job, lease }: BrowserSession): Promise<AllocationStub> {
    const found = (await this.#nomad.allocations(job)).find(runs);
    if (found) return found;
    await this.#book.release(lease).catch(() => undefined);
    throw new LeaseEndedError(lease, "gone", `the machine of the browser session ${idOf(lease)} is not there any more`);
  }

  /** Ends whatever machine a place has, and waits until it is off: only then nobody else can meet its address. */
  private async end(slot: string, signal: AbortSignal): Promise<"free"> {
    for (const { id } of await this.jobsOf(slot)) {
      await this.#nomad.deregister(id, { purge: false });
      for (;;) {
        const left = (await this.#nomad.allocations(id)).filter(({ ClientStatus: status }) => !OVER.has(status));
        if (left.length === 0) break;
        await sleep(AGAIN, undefined, { signal });
      }
      await stopAndPurge(this.#nomad, id, { signal });
    }
    return "free";
  }

  /** The jobs of a place that are there, of any generation where none is said. */
  private async jobsOf(slot: string, generation?: number): Promise<readonly { id: string; provider: string }[]> {
    const wanted = generation === undefined ? undefined : sessionOf(slot, generation);
    const found: { id: string; provider: string }[] = [];
    for (const { ID: id } of await this.#nomad.jobs(`browser-vm-${sessionOf(slot)}-`)) {
      const job = await this.#nomad.job(id);
      const { session_id: session, provider = "", vm_ip: address } = job?.Meta ?? {};
      // What somebody else called alike is theirs.
      if (address === slot && (wanted === undefined || session === wanted)) found.push({ id, provider });
    }
    return found;
  }
}

/** The name of a session in its job. */
function sessionOf(slot: string, generation?: number): string {
  return ["place", slot.split(".")[3], ...(generation === undefined ? [] : [generation])].join("-");
}

function idOf({ slot, generation }: Lease): string {
  return `${slot.split(".")[3]}-${generation}`;
}

function runs({ DesiredStatus: desired, TaskStates: tasks }: AllocationStub): boolean {
  return desired === "run" && ["vm", SCREEN_TASK].every((task) => tasks[task]?.State === "running");
}

function whyOf({ TaskStates: tasks, ClientDescription: description }: AllocationStub): string {
  const events = Object.values(tasks).flatMap(({ Events: events, Failed: failed }) => (failed ? (events ?? []) : []));
  return events.findLast(tellsWhy)?.DisplayMessage ?? description;
}
