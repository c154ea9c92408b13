import { blockOf, bool, oneOf, type PropsOf } from "../engine";
import { duration } from "../units";

const fields = {
  /**
   * How long a node may be away before its allocations count as lost.
   *
   * @default - lost at once
   */
  lostAfter: duration("LostAfter", { nullable: true }),
  /**
   * How long an allocation goes on, on a node that lost its servers, before the node stops it. Not together
   * with `lostAfter`.
   *
   * @default - it goes on
   */
  stopOnClientAfter: duration("StopOnClientAfter", { nullable: true }),
  /**
   * Whether replacements are placed while the node is away.
   *
   * @default true
   */
  replace: bool("Replace", { nullable: true, default: true }),
  /**
   * Which allocation stays when the node comes back.
   *
   * @default "best_score"
   */
  reconcile: oneOf("Reconcile", ["best_score", "keep_original", "keep_replacement", "longest_running"], {
    nullable: true,
    default: "best_score",
  }),
};

/** Properties of {@link Disconnect}. */
export interface DisconnectProps extends PropsOf<typeof fields> {}

/**
 * What becomes of allocations on a node that lost its connection.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/disconnect
 */
export class Disconnect extends blockOf({ api: "DisconnectStrategy", hcl: "disconnect" }, fields) {
  constructor(props: DisconnectProps = {}) {
    super(props);
  }
}
