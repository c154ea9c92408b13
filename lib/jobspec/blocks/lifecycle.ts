import { blockOf, bool, oneOf, type PropsOf } from "../engine";

const fields = {
  /** When the task runs, relative to the main tasks of its group. */
  hook: oneOf("Hook", ["prestart", "poststart", "poststop"], { required: true, empty: false }),
  /**
   * Whether it goes on beside the main tasks.
   *
   * @default false
   */
  sidecar: bool("Sidecar"),
};

/** Properties of {@link Lifecycle}. */
export interface LifecycleProps extends PropsOf<typeof fields> {}

/**
 * When a task runs that is no main task.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/lifecycle
 */
export class Lifecycle extends blockOf({ api: "TaskLifecycle", hcl: "lifecycle" }, fields) {
  constructor(props: LifecycleProps) {
    super(props);
  }

  /** Runs to its end before the main tasks start. */
  static prestart(): Lifecycle {
    return new Lifecycle({ hook: "prestart", sidecar: false });
  }

  /** Runs once the main tasks have started. */
  static poststart(): Lifecycle {
    return new Lifecycle({ hook: "poststart", sidecar: false });
  }

  /** Runs once the main tasks have stopped. */
  static poststop(): Lifecycle {
    return new Lifecycle({ hook: "poststop" });
  }

  /** Starts before the main tasks and goes on beside them. */
  static sidecar(): Lifecycle {
    return new Lifecycle({ hook: "prestart", sidecar: true });
  }
}
