import { UserError } from "../../errors";
import {
  Duration,
  Job,
  LogConfig,
  Memory,
  Parameterized,
  Reschedule,
  Resources,
  Restart,
  type Secret,
  Task,
  TaskGroup,
  Template,
  type ResourcesProps,
} from "../../jobspec";
import { ANYTHING, checkProps, NUMBER, OBJECT, required, TEXT, TEXT_MAP, type PropKinds } from "../../jobspec/host";
import { coreShare, safeId, safeMeta } from "../../job-parts";
import { driverOf, IN_DOCKER, type Execution } from "./execution";
import { DURATION, JOB_PROPS } from "./job-props";
import { KEY_VARIABLES, PROVIDER, runtimeImage, type Provider } from "./provider";

/** What every runtime job may be given. */
export interface RuntimeJobProps {
  /** Whose models the command talks to. */
  readonly provider: Provider;
  /**
   * How the command is run.
   *
   * @default - in a container of `polydev-<provider>-runtime:0.1.0`
   */
  readonly execution?: Execution;
  /**
   * The key of the provider, in its usual environment variable.
   *
   * @default - none: whoever dispatches brings it
   */
  readonly apiKey?: Secret;
  /**
   * What it needs.
   *
   * @default - 0.5 core and 512 MiB
   */
  readonly resources?: Resources | ResourcesProps;
  /**
   * What the network is expected to carry, in Mbit/s; it stands in meta, since Nomad itself counts no bandwidth.
   *
   * @default 10
   */
  readonly bandwidth?: number;
  /**
   * Its rank where nodes are full.
   *
   * @default 50
   */
  readonly priority?: number;
  /**
   * Datacenters it may run in.
   *
   * @default - any
   */
  readonly datacenters?: readonly string[];
}

/** Properties of {@link RuntimeJob.once}. */
export interface RuntimeRequest extends RuntimeJobProps {
  /** The user that it runs for; any text. */
  readonly userId: string;
  /** The line of shell that is run. */
  readonly command: string;
  /** When it was asked for, in milliseconds since 1970; two requests of one user differ by it. */
  readonly timestamp: number;
  /**
   * Further environment variables.
   *
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;
}

/** Properties of {@link RuntimeJob.waiting}. */
export interface WaitingRuntime extends RuntimeJobProps {
  /** The user that it runs for; any text. */
  readonly userId: string;
  /** When it was asked for, in milliseconds since 1970. */
  readonly timestamp: number;
  /**
   * Tells two requests of the same millisecond apart.
   *
   * @default - none
   */
  readonly nonce?: string;
  /**
   * How long it waits for its end at most; then it fails by itself, with exit code 124.
   *
   * @default Duration.minutes(10)
   */
  readonly limit?: Duration;
}

const DISPATCHED: PropKinds<RuntimeJobProps> = {
  ...JOB_PROPS,
  provider: required(PROVIDER),
  apiKey: ANYTHING,
};
const REQUEST = { userId: required(TEXT), timestamp: required(NUMBER) };
const ONCE: PropKinds<RuntimeRequest> = { ...DISPATCHED, ...REQUEST, command: required(TEXT), env: OBJECT };
const WAITING: PropKinds<WaitingRuntime> = { ...DISPATCHED, ...REQUEST, nonce: TEXT, limit: DURATION };
const DISPATCH: PropKinds<Parameters<typeof RuntimeJob.dispatch>[0]> = {
  ...REQUEST,
  command: required(TEXT),
  env: TEXT_MAP,
};

/** What is sent to Nomad to dispatch a runtime job. */
export interface RuntimeDispatch {
  /** The metadata of the dispatched job, by the names that its parameterized job takes. */
  readonly Meta: Readonly<Record<string, string>>;
  /** What the task finds as its payload file, in Base64: the command and what it needs. */
  readonly Payload: string;
}

/**
 * Waits until an exit code is written into a pipe of the task's folder, and ends with it; ends by itself where nobody comes. The pipe is made
 * under another name first, so that whoever sees it can write into it.
 */
const WAIT = `cd "$NOMAD_TASK_DIR" && rm -f end new && mkfifo new && mv new end || exit 125
( trap 'kill "$s"' TERM; sleep "$1" & s=$!; wait "$s" && echo 124 >end ) & timer=$!
read -r code <end
kill "$timer" 2>/dev/null
exit "$code"`;

/**
 * Runs a command in a container that lives for two seconds at least, and ends as the command did. Nomad begins to collect a container's output after its
 * start and stops with its end: of 75 containers whose commands ended at once, 8 had no output.
 */
const LASTING = `run=; trap '[ -z "$run" ] || kill "$run" 2>/dev/null' TERM
/bin/sh -c "$1" <&0 & run=$!
sleep 2 2>/dev/null &
while :; do wait "$run"; code=$?; kill -0 "$run" 2>/dev/null || break; done
wait
exit "$code"`;

/** Where a dispatch's environment lands. */
const PAYLOAD = "environment.env";

/**
 * Runs one command for one user, in a container of the provider's runtime: a batch job that is never restarted.
 *
 * The usual form is dispatched once per request; `RuntimeJob.once` is a job of its own for each.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/parameterized
 */
export class RuntimeJob extends Job {
  private constructor(
    id: string,
    props: RuntimeJobProps,
    rest: { readonly task: Task; readonly meta?: Record<string, string>; readonly parameterized?: Parameterized },
  ) {
    const { provider, bandwidth = 10, priority = 50, datacenters } = props;
    super({
      id,
      type: "batch",
      priority,
      datacenters,
      parameterized: rest.parameterized,
      meta: { provider, bandwidth_mbits: String(bandwidth), ...rest.meta },
      groups: [
        new TaskGroup({
          name: "runtime",
          restart: Restart.never(),
          reschedule: Reschedule.never(),
          tasks: [rest.task],
        }),
      ],
    });
  }

  /** The job that is dispatched for each request, `runtime-<provider>`. */
  static dispatched(props: RuntimeJobProps): RuntimeJob {
    checkProps(props, "RuntimeJob", DISPATCHED);
    const task = runtimeTask(props, shell("${NOMAD_META_command}", props));
    return new RuntimeJob(`runtime-${props.provider}`, props, {
      parameterized: new Parameterized({
        payload: "required",
        metaRequired: ["user_id", "command"],
        metaOptional: ["timestamp"],
      }),
      task: task
        .with({ dispatchPayload: { file: PAYLOAD } })
        .withTemplate(new Template({ source: `local/${PAYLOAD}`, destination: "secrets/request.env", env: true })),
    });
  }

  /** A job of its own for one request. */
  static once(request: RuntimeRequest): RuntimeJob {
    checkProps(request, "RuntimeJob", ONCE);
    const { provider, userId, command, timestamp, env = {} } = request;
    const task = runtimeTask(request, shell(command, request)).with({ env });
    return new RuntimeJob(safeId(`runtime-${provider}`, userId, timestamp), request, {
      task,
      meta: { user_id: safeMeta(userId), timestamp: String(timestamp) },
    });
  }

  /**
   * A job of its own for one request that only waits: the command, its environment and its keys come over an exec into its task, and so stand in
   * no job. {@link RuntimeJob.ending} ends it.
   */
  static waiting(request: WaitingRuntime): RuntimeJob {
    checkProps(request, "RuntimeJob", WAITING);
    const { provider, userId, timestamp, nonce, limit = Duration.minutes(10) } = request;
    const seconds = String(Math.ceil(limit.milliseconds / 1000));
    const task = runtimeTask(request, ["/bin/sh", "-c", WAIT, "runtime", seconds]);
    const values = [userId, timestamp, ...(nonce === undefined ? [] : [nonce])];
    return new RuntimeJob(safeId(`runtime-${provider}`, ...values), request, {
      task,
      meta: { user_id: safeMeta(userId), timestamp: String(timestamp) },
    });
  }

  /** The command that ends the task of a {@link RuntimeJob.waiting} with an exit code, run in it. */
  static ending(exitCode: number): string {
    return `echo ${Math.trunc(exitCode)} > "$NOMAD_TASK_DIR/end"`;
  }

  /** What to send to `POST /v1/job/runtime-<provider>/dispatch` for a request. */
  static dispatch(request: Pick<RuntimeRequest, "userId" | "command" | "timestamp" | "env">): RuntimeDispatch {
    checkProps(request, "RuntimeJob", DISPATCH);
    const { userId, command, timestamp, env = {} } = request;
    const lines = Object.entries(env).map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw UserError.at(
          ["env", name],
          "is no name of a variable; write letters, digits and underscores",
          "runtime/env",
        );
      return `${name}=${JSON.stringify(value)}\n`;
    });
    return {
      Meta: { user_id: safeMeta(userId), command, timestamp: String(timestamp) },
      // Nomad wants a payload where one is required; a comment is one.
      Payload: Buffer.from(`# environment of the request\n${lines.join("")}`).toString("base64"),
    };
  }
}

type Command = readonly [string, ...string[]];

function shell(command: string, { execution = IN_DOCKER }: RuntimeJobProps): Command {
  return execution.kind === "docker" ? ["/bin/sh", "-c", LASTING, "runtime", command] : ["/bin/sh", "-c", command];
}

function runtimeTask(props: RuntimeJobProps, command: Command): Task {
  const { provider, execution = IN_DOCKER, apiKey, resources } = props;
  const task = new Task({
    name: "runtime",
    driver: driverOf(execution, runtimeImage(provider), command),
    killTimeout: Duration.seconds(30),
    resources: resources ?? new Resources({ cpu: coreShare(0.5), memory: Memory.mebibytes(512) }),
    logs: new LogConfig({ maxFiles: 3, maxFileSize: Memory.mebibytes(10) }),
  });
  return apiKey === undefined ? task : task.withSecretEnv({ [KEY_VARIABLES[provider]]: apiKey });
}
