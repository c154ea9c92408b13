import type { BrowserRequest, BrowserSession, BrowserState, ScreenStream } from "../pools";
import { Startup } from "./startup";
import type { Browsers } from "./browsers";
import type { Dependency } from "./pools";

/** Browser sessions that have to be started before they are asked. */
export interface BrowsersToServe extends Omit<Browsers, "dependency"> {
  /** @throws where the store does not answer; it can be asked again */
  start(): Promise<void>;
}

/** Browser sessions that are started as soon as their store answers, and say until then that they have not started. */
export class ServedBrowsers implements Browsers {
  readonly #stop = new AbortController();
  readonly #startup: Startup;
  readonly #started: Promise<void>;

  /**
   * @param onTrouble told why they do not start, once for each reason
   * @param interval between two attempts, in milliseconds. Default: one second
   */
  constructor(
    private readonly browsers: BrowsersToServe,
    onTrouble: (message: string) => void,
    interval?: number,
  ) {
    this.#startup = new Startup("the pool of browser sessions", () => browsers.start(), onTrouble, interval);
    this.#started = this.#startup.run(this.#stop.signal);
  }

  async open(request: BrowserRequest): Promise<BrowserSession> {
    return this.started().open(request);
  }

  async find(id: string): Promise<BrowserSession | undefined> {
    return this.started().find(id);
  }

  async list(): Promise<readonly BrowserSession[]> {
    return this.started().list();
  }

  async placesOf(owner: string): Promise<readonly string[]> {
    return this.started().placesOf(owner);
  }

  async state(session: BrowserSession, signal?: AbortSignal): Promise<BrowserState> {
    return this.started().state(session, signal);
  }

  async screen(session: BrowserSession, signal?: AbortSignal): Promise<ScreenStream> {
    return this.started().screen(session, signal);
  }

  async renew(session: BrowserSession): Promise<void> {
    return this.started().renew(session);
  }

  async close(session: BrowserSession): Promise<void> {
    return this.started().close(session);
  }

  dependency(): Dependency {
    const { name, trouble } = this.#startup;
    return { name, trouble };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#started;
    if (this.#startup.trouble === undefined) await this.browsers.stop();
  }

  private started(): BrowsersToServe {
    this.#startup.refuse();
    return this.browsers;
  }
}
