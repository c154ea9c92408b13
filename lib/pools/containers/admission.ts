import { randomBytes } from "node:crypto";
import { PoolOfOtherUser } from "../../errors";
import type { LeaseBook } from "../leases";
import type { Agreement } from "../generations";
import type { Maintenance } from "./maintenance";
import type { ContainerView } from "./view";
import { shellQuoted } from "../../text";

/** What {@link Admission} works with. */
export interface AdmissionParts {
  readonly pool: string;
  readonly book: LeaseBook;
  readonly view: ContainerView;
  readonly maintenance: Maintenance;
  readonly agreement: Agreement;
}

/**
 * Who may claim of a pool. One whose containers keep nothing apart serves a single user, who could have reached each container that was there
 * meanwhile: it takes another once that user has no lease, and all of these containers have been replaced since.
 */
export class Admission {
  constructor(private readonly parts: AdmissionParts) {}

  /** Whether the pool has one user at a time. */
  get isStrict(): boolean {
    const { current } = this.parts.maintenance;
    return current?.isolation === "none" && !current.isShared;
  }

  /** Whether a user has to be {@link admit}ted before a claim: the pool has one user at a time, and it is not known that it is this one. */
  mustAdmit(owner: string): boolean {
    return this.isStrict && this.parts.agreement.record.user !== owner;
  }

  /** Before a claim. @param signal gives it up @throws PoolOfOtherUser where the pool serves another user */
  async admit(owner: string, signal: AbortSignal): Promise<void> {
    await this.agree(owner, signal);
  }

  /**
   * After a claim of a pool with one user at a time, when the lease stands in the store: the user may have been forgotten between, and another one be admitted.
   *
   * @param signal gives it up
   * @throws PoolOfOtherUser where the pool serves another user by now
   */
  async confirm(owner: string, signal: AbortSignal): Promise<void> {
    const { user, left } = await this.parts.agreement.learn(signal);
    if (user !== owner || left) await this.agree(owner, signal);
  }

  /** Forgets the user where that is due. To be called by the manager that looks after the pool. */
  async look(signal: AbortSignal): Promise<void> {
    const { agreement, book, view } = this.parts;
    const { user, left } = agreement.record;
    if (user === undefined || !view.isUpToDate) return;
    const containers = view.containers.map(({ id }) => id);
    if (!left) {
      if (!book.isUpToDate || book.taken().length > 0) return;
      const mark = randomBytes(8).toString("hex");
      await agreement.change(
        (now) => (now.user === user && !now.left ? { ...now, left: { mark, containers } } : now),
        signal,
      );
    } else if (!containers.some((id) => left.containers.includes(id)) && (await book.list()).length === 0)
      // Whoever has claimed since has taken the mark away: then the user stays.
      await agreement.change((now) => {
        const { user: _user, left: found, ...others } = now;
        return found?.mark === left.mark ? others : now;
      }, signal);
  }

  private async agree(owner: string, signal: AbortSignal): Promise<void> {
    const { agreement, pool } = this.parts;
    const { user } = await agreement.change((now) => {
      if (now.user !== undefined && now.user !== owner) return now;
      const { left, ...rest } = now;
      return now.user === owner && !left ? now : { ...rest, user: owner };
    }, signal);
    if (user !== owner)
      throw new PoolOfOtherUser(
        `the containers of the pool ${pool} keep nothing apart, by their driver or its options, and it serves another user; take another driver, a pool for each user, say sharedWithoutIsolation: true of its job, or, once that user has no lease, have its containers replaced: npx cdk-nomad pool recycle ${shellQuoted(pool)}`,
      );
  }
}
