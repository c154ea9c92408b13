import { messageOf } from "../../nomad";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionResult, Place } from "../execution";
import type { Clock } from "../leases";
import type { Isolation } from "../sandbox";
import { SandboxClient } from "./sandbox-client";

/** Why a sandbox is over. */
export type SandboxEnd =
  /** Its allocation has ended. */
  | "ended"
  /** Its server was started anew: what ran in it, and what it held, is gone. */
  | "restarted"
  /** It says nothing any more. */
  | "silent";

/** How a {@link PooledSandbox} does. */
export type SandboxState =
  /** It does not answer yet. */
  | "starting"
  /** It answers: its slots may be leased. */
  | "ready"
  /** It did not answer just now, or is being stopped: what is leased goes on, and nothing more is leased. */
  | "away"
  | "lost";

/** What a {@link PooledSandbox} is made of. */
export interface PooledSandboxProps {
  readonly place: Place;
  /** The number in the allocation's name. */
  readonly number: number;
  /** When its task started: another start is another sandbox. */
  readonly started: string;
  readonly address: string;
  /** Reads the token that its server asks for; undefined for none. */
  readonly token: (place: Place) => Promise<string | undefined>;
  /** Milliseconds between two questions of how it does. */
  readonly checkInterval: number;
  /** After how many milliseconds without an answer it counts as silent; one that never answered has {@link FIRST_ANSWER} times as long. */
  readonly silence: number;
  /** Whether it has answered in an earlier life, and was silent since. */
  readonly wasSilent?: boolean;
  readonly clock: Clock;
  readonly onTrouble: (message: string) => void;
  /** Called when it is ready, away, or ready again. */
  readonly onChange: () => void;
  /** Called when it has been silent for too long; nothing is asked of it after that. */
  readonly onSilent: (sandbox: PooledSandbox) => void;
}

/** Pauses before a sandbox that has not answered yet is asked again, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;
/** How many times the usual silence is forgiven to one that has just been started. */
const FIRST_ANSWER = 8;
/** More than one command can run in a slot, one after another, and somebody may wait. */
const CONNECTIONS_PER_SLOT = 2;
/** The most slots whose connections are counted before it has said how many it has. */
const USUAL_SLOTS = 32;

/** One sandbox of a pool: a start of the server of one allocation. It is asked in intervals how it does, for as long as it is there. */
export class PooledSandbox {
  readonly client: SandboxClient;
  /** How many slots it has; 0 while it has not answered. */
  slots = 0;
  #isolation: Isolation = "none";
  #token: string | undefined;
  #answered = false;
  #stopping = false;
  #lost: SandboxEnd | undefined;
  readonly #end = new AbortController();
  #askNow = new AbortController();

  constructor(private readonly props: PooledSandboxProps) {
    this.client = new SandboxClient({ address: props.address, connections: USUAL_SLOTS * CONNECTIONS_PER_SLOT });
    void this.watch();
  }

  get allocation(): string {
    return this.props.place.allocation;
  }

  get number(): number {
    return this.props.number;
  }

  get started(): string {
    return this.props.started;
  }

  get state(): SandboxState {
    if (this.#lost !== undefined) return "lost";
    if (this.slots === 0) return "starting";
    return this.#answered && !this.#stopping ? "ready" : "away";
  }

  /** Why it is over; undefined while it is not. */
  get lost(): SandboxEnd | undefined {
    return this.#lost;
  }

  /** Aborted when it is over. */
  get over(): AbortSignal {
    return this.#end.signal;
  }

  get token(): string | undefined {
    return this.#token;
  }

  /** What keeps its slots apart, as its server says. */
  get isolation(): ExecutionResult["isolation"] {
    return this.#isolation === "none" ? "none" : "sandbox";
  }

  get place(): Place {
    return { ...this.props.place, isolation: this.isolation };
  }

  /** Says that Nomad stops it: it is offered no more. */
  stopping(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.props.onChange();
  }

  /** Says that it did not answer a command: it is asked now how it does. */
  doubt(): void {
    if (this.#answered) {
      this.#answered = false;
      this.props.onChange();
    }
    this.#askNow.abort();
  }

  /** Asks it, now, whether it answers. */
  async answers(): Promise<boolean> {
    this.doubt();
    return this.ask();
  }

  /** Says that it is over: who waits for an answer of it gets none. */
  async lose(end: SandboxEnd): Promise<void> {
    if (this.#lost !== undefined) return;
    this.#lost = end;
    this.#end.abort(new Error(`the sandbox is over: ${end}`));
    await this.client.close();
  }

  /** Lets go of its connections; the sandbox itself goes on. */
  async close(): Promise<void> {
    this.#end.abort(new Error("the pool was stopped here"));
    await this.client.close();
  }

  private async watch(): Promise<void> {
    const { clock, silence, checkInterval, onSilent, wasSilent = false } = this.props;
    const patience = () => (this.slots > 0 || wasSilent ? silence : silence * FIRST_ANSWER);
    let heard = clock.now();
    let pause = FIRST_PAUSE;
    while (!this.#end.signal.aborted) {
      if (await this.ask()) {
        heard = clock.now();
        pause = FIRST_PAUSE;
      } else if (clock.now() - heard > patience()) {
        // A process that was stopped itself has heard nobody: it asks once more before it says so of others.
        if (!(await this.ask())) onSilent(this);
        heard = clock.now();
      } else pause = Math.min(pause * 2, LONGEST_PAUSE);
      await this.rest(this.#answered ? checkInterval : pause);
    }
  }

  private async rest(milliseconds: number): Promise<void> {
    this.#askNow = new AbortController();
    const signal = AbortSignal.any([this.#end.signal, this.#askNow.signal]);
    await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
  }

  private async tokenOf(): Promise<string | undefined> {
    try {
      return await this.props.token(this.props.place);
    } catch (error) {
      this.props.onTrouble(`the token of the sandbox ${this.allocation} is not known: ${messageOf(error)}`);
      throw error;
    }
  }

  /** @returns whether it answers, and takes commands */
  private async ask(): Promise<boolean> {
    let answered = false;
    try {
      const health = await this.client.health(this.#end.signal);
      if (this.slots === 0) {
        this.#token = await this.tokenOf();
        this.#isolation = health.isolation ?? "none";
        this.slots = health.slots;
      }
      answered = health.status === "ok";
    } catch {
      // Whatever it is, it is no answer; a sandbox that has just been started gives none for a while.
    }
    if (this.#end.signal.aborted) return false;
    if (answered !== this.#answered) {
      this.#answered = answered;
      this.props.onChange();
    }
    return answered;
  }
}
