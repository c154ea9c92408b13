import type { BrowserRequest, BrowserSession, BrowserState, ScreenStream } from "../pools";
import { Beginning } from "./beginning";
import type { Browsers } from "./browsers";
import type { Dependency } from "./pools";

/** Browser sessions that are to be begun with before they are asked. */
export interface BrowsersToServe extends Omit<Browsers, "dependency"> {
  /** @throws where the store does not answer; it can be asked again */
  start(): Promise<void>;
}

/** Browser sessions that are begun with as soon as their store answers, and until then say that they cannot be. */
export class ServedBrowsers implements Browsers {
  readonly #stop = new AbortController();
  readonly #beginning: Beginning;
  readonly #started: Promise<void>;

  /**
   * @param onTrouble told why they do not begin, once for each reason
   * @param again between two attempts, in milliseconds. Default: one second
   */
  constructor(
    private readonly browsers: BrowsersToServe,
    onTrouble: (message: string) => void,
    again?: number,
  ) {
    this.#beginning = new Beginning("the pool of browser sessions", () => browsers.start(), onTrouble, again);
    this.#started = this.#beginning.run(this.#stop.signal);
  }

  async open(request: BrowserRequest): Promise<BrowserSession> {
    return this.begun().open(request);
  }

  async find(id: string): Promise<BrowserSession | undefined> {
    return this.begun().find(id);
  }

  async list(): Promise<readonly BrowserSession[]> {
    return this.begun().list();
  }

  async state(session: BrowserSession, signal?: AbortSignal): Promise<BrowserState> {
    return this.begun().state(session, signal);
  }

  async screen(session: BrowserSession, signal?: AbortSignal): Promise<ScreenStream> {
    return this.begun().screen(session, signal);
  }

  async renew(session: BrowserSession): Promise<void> {
    return this.begun().renew(session);
  }

  async close(session: BrowserSession): Promise<void> {
    return this.begun().close(session);
  }

  dependency(): Dependency {
    const { name, trouble } = this.#beginning;
    return { name, trouble };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#started;
    if (this.#beginning.trouble === undefined) await this.browsers.stop();
  }

  private begun(): BrowsersToServe {
    this.#beginning.refuse();
    return this.browsers;
  }
}
