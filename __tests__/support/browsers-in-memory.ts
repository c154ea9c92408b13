import { PassThrough } from "node:stream";
import {
  LeaseEndedError,
  PoolBusyError,
  type BrowserRequest,
  type BrowserSession,
  type BrowserState,
  type ScreenStream,
} from "../../lib/pools";
import type { Browsers, Dependency } from "../../lib/service";

/** Browser sessions in the memory of a test, for what the service does with them: machines are tried on a real cluster. Its screens say back what they are told. */
export class BrowsersInMemory implements Browsers {
  readonly sessions = new Map<string, BrowserSession>();
  readonly opened: BrowserRequest[] = [];
  current: BrowserState = { kind: "opened" };
  places = 2;
  /** Whose the places are that have been claimed, by the ids of their sessions. */
  readonly claimed = new Map<string, string>();
  /** What every claim waits for. */
  claiming: () => Promise<void> = () => Promise.resolve();
  /** What every session waits for once its machine is submitted. */
  opening: Promise<void> = Promise.resolve();
  /** The screens that are looked at: each may be ended. */
  readonly screens: PassThrough[] = [];
  /** Whether the machines have ended, whatever their leases say. */
  areGone = false;
  #generation = 0;

  async open(request: BrowserRequest): Promise<BrowserSession> {
    this.opened.push(request);
    if (this.sessions.size >= this.places) throw new PoolBusyError("browser-vm", 1000, "no place is free");
    const generation = (this.#generation += 1);
    const { owner, provider, standing: ttl = 600_000 } = request;
    const id = `1-${generation}`;
    const lease = { pool: "browser-vm", slot: `192.168.100.${generation}`, owner, generation, ttl, claim: "claim" };
    const session = { id, lease, provider, job: `browser-vm-${id}` };
    await this.claiming();
    this.claimed.set(id, owner);
    try {
      await request.onPlace?.(id);
    } catch (error) {
      this.claimed.delete(id);
      throw error;
    }
    this.sessions.set(id, session);
    await this.opening;
    return session;
  }

  find(id: string): Promise<BrowserSession | undefined> {
    return Promise.resolve(this.sessions.get(id));
  }

  list(): Promise<readonly BrowserSession[]> {
    return Promise.resolve([...this.sessions.values()]);
  }

  placesOf(owner: string): Promise<readonly string[]> {
    return Promise.resolve([...this.claimed].flatMap(([id, whose]) => (whose === owner ? [id] : [])));
  }

  state(session: BrowserSession): Promise<BrowserState> {
    if (this.areGone || !this.sessions.has(session.id))
      return Promise.reject(new LeaseEndedError(session.lease, "gone", "the machine has ended"));
    return Promise.resolve(this.current);
  }

  screen(): Promise<ScreenStream> {
    const echo = new PassThrough();
    this.screens.push(echo);
    return Promise.resolve({
      write: (data: Uint8Array) => Promise.resolve(void echo.write(data)),
      end: () => Promise.resolve(void echo.end()),
      stdout: echo,
      exitCode: Promise.resolve(0),
      close: () => void echo.destroy(),
    });
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  close({ id }: BrowserSession): Promise<void> {
    this.sessions.delete(id);
    this.claimed.delete(id);
    return Promise.resolve();
  }

  dependency(): Dependency {
    return { name: "the pool of browser sessions", trouble: undefined };
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
