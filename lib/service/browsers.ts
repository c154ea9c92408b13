import type { BrowserRequest, BrowserSession, BrowserState, ScreenStream } from "../pools";
import type { Dependency } from "./pools";

/**
 * What the service asks of the browser sessions, and all that it asks: `BrowserSessions` of `lib/pools` answers it in a cluster, and tests of the routes
 * answer it themselves.
 */
export interface Browsers {
  /** @throws PoolBusyError, RuntimeFailedError, UserError */
  open(request: BrowserRequest): Promise<BrowserSession>;
  /** The session of an id, while it stands. */
  find(id: string): Promise<BrowserSession | undefined>;
  /** Every session that stands. */
  list(): Promise<readonly BrowserSession[]>;
  /** What the sessions of an owner are called that have a place, those that any service is about to open among them. */
  placesOf(owner: string): Promise<readonly string[]>;
  /** @throws LeaseEndedError */
  state(session: BrowserSession, signal?: AbortSignal): Promise<BrowserState>;
  /** @throws LeaseEndedError */
  screen(session: BrowserSession, signal?: AbortSignal): Promise<ScreenStream>;
  /** @throws LeaseEndedError */
  renew(session: BrowserSession): Promise<void>;
  /** @throws LeaseEndedError */
  close(session: BrowserSession): Promise<void>;
  /** Whether they have started. */
  dependency(): Dependency;
  /** Lets go of the store; sessions stand for their time. */
  stop(): Promise<void>;
}
