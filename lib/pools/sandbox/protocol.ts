import * as v from "valibot";
import { byName } from "../../reading";

/**
 * What a sandbox server is asked, and what it answers: the HTTP interface of Hermes' sandboxes, with what makes it safe to share. Names and shapes
 * are those that its clients speak (snake_case, seconds); what is new is optional.
 *
 * | request                          | body                      | answer                                                             |
 * | -------------------------------- | ------------------------- | ------------------------------------------------------------------ |
 * | `POST /execute`                  | {@link ExecuteRequest}    | {@link ExecuteAnswer}; with `Accept: application/x-ndjson` {@link ExecuteFrame}, one on each line |
 * | `POST /batch`                    | a list of ExecuteRequest  | a list of ExecuteAnswer, in the same order                         |
 * | `POST /reset`                    | {@link ResetRequest}      | {@link ExecuteAnswer}                                              |
 * | `GET /health`, without a token   |                           | {@link SandboxHealth}                                              |
 * | `GET /slots`                     |                           | {@link SandboxSlots}                                               |
 * | `POST /artifacts/read`           | {@link ReadRequest}       | {@link ReadAnswer}                                                 |
 * | `POST /artifacts/list`           | {@link ListRequest}       | {@link ListAnswer}                                                 |
 * | `POST /artifacts/archive`        | {@link ArchiveRequest}    | {@link ArchiveAnswer}                                              |
 *
 * Everything but `/health` wants `Authorization: Bearer <token>`. What is refused is answered with a {@link Refusal} and a status of 400 and above.
 */

/** The header that may carry the generation of a lease, where the body has none. */
export const GENERATION_HEADER = "x-slot-generation";

/** The media type that asks for output as it comes. */
export const FRAMES = "application/x-ndjson";

/** Variables of a command: names that a shell can hold, values without NUL. */
const environment = byName(
  v.pipe(
    v.string(),
    v.check((text) => !text.includes("\0"), "holds a NUL, which no variable can"),
  ),
  v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name of a variable"), v.maxLength(256)),
);

const generation = v.pipe(v.number(), v.safeInteger("is no whole number"), v.minValue(0));

/** Of which slot, and by whom: what every request about a slot has. */
const ofSlot = {
  /** `slot_0` and so on. */
  slot_id: v.pipe(v.string(), v.maxLength(64)),
  /**
   * The lease's generation, the fencing token: the server remembers the highest of each slot and refuses smaller ones with 409 `stale-generation`. A
   * larger one ends what runs in the slot and empties it. Once a slot has had one, a request without is refused (`no-generation`).
   */
  generation: v.optional(generation),
  /** Whose the lease is. Only remembered to be compared. */
  owner: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** With a new generation: files stay, if the generation before was the same owner's. What runs is ended in any case. Default: false. */
  keep_workspace: v.optional(v.boolean()),
};

/** The schema of {@link ExecuteRequest}. */
export const executeRequest = v.object({
  ...ofSlot,
  /** `bash`, `bash_stateful`, `read_file` or `write_file`. */
  tool: v.pipe(v.string(), v.maxLength(64)),
  /**
   * Of `bash` and `bash_stateful` `{ command, cwd?, allow_network?, require_sandbox? }`, of `read_file` `{ path }`, of `write_file`
   * `{ path, content }`.
   */
  args: v.optional(byName(v.unknown()), {}),
  /** Comes back in the answer. Default: one is made. */
  execution_id: v.nullish(v.pipe(v.string(), v.maxLength(256))),
  /** In seconds; waiting for a command before it in the same slot counts. Default: 30. */
  timeout: v.nullish(v.pipe(v.number(), v.gtValue(0), v.maxValue(86_400))),
  /** Variables of the command, secret or not: they reach it by its environment, and stand in no argument, log or file. */
  env: v.optional(environment),
  /** What the command reads on its standard input, in base64. Default: nothing. */
  stdin: v.optional(v.pipe(v.string(), v.base64("is no base64"))),
});

/** What `POST /execute` takes. */
export type ExecuteRequest = v.InferInput<typeof executeRequest>;

/** The schema of {@link ResetRequest}. */
export const resetRequest = v.object(ofSlot);

/** What `POST /reset` takes. */
export type ResetRequest = v.InferInput<typeof resetRequest>;

const artifact = { ...ofSlot, path: v.optional(v.pipe(v.string(), v.maxLength(4096)), ".") };
const most = v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(1)));

/** The schema of {@link ReadRequest}. */
export const readRequest = v.object({
  ...artifact,
  /** `text` or `base64`. Default: text. */
  encoding: v.nullish(v.string()),
  /** Default, and at most: the server's limit, 5,000,000. */
  max_bytes: most,
  include_sha256: v.nullish(v.boolean()),
});

/** What `POST /artifacts/read` takes. */
export type ReadRequest = v.InferInput<typeof readRequest>;

/** The schema of {@link ListRequest}. */
export const listRequest = v.object({
  ...artifact,
  recursive: v.nullish(v.boolean()),
  /** Default, and at most: the server's limit, 5,000. */
  max_entries: most,
});

/** What `POST /artifacts/list` takes. */
export type ListRequest = v.InferInput<typeof listRequest>;

/** The schema of {@link ArchiveRequest}. */
export const archiveRequest = v.object({
  ...artifact,
  /** `tar.gz` or `tgz`. Default: tar.gz. */
  format: v.nullish(v.string()),
  max_bytes: most,
  max_entries: most,
});

/** What `POST /artifacts/archive` takes. */
export type ArchiveRequest = v.InferInput<typeof archiveRequest>;

/** What keeps the slots of a server apart. */
const isolation = v.picklist(["bubblewrap", "user", "none"]);

/**
 * What keeps the slots of a server apart.
 *
 * - `bubblewrap`: namespaces (mounts, processes, IPC, name), and a user of each slot's own where the server is root
 * - `user`: a user of each slot's own, and namespaces of processes where the server may make them
 * - `none`: nothing; told so by name
 */
export type Isolation = v.InferOutput<typeof isolation>;

/** The schema of {@link ExecuteAnswer}. */
export const executeAnswer = v.object({
  success: v.boolean(),
  output: v.optional(v.string(), ""),
  error: v.optional(v.string(), ""),
  execution_id: v.nullish(v.string()),
  metadata: v.optional(
    v.looseObject({
      /** 0 to 255; 124 where it ran out of time, 130 where it was cancelled. */
      exit_code: v.optional(v.number()),
      /** The exit code by the name that other clients read. */
      returncode: v.optional(v.number()),
      timeout: v.optional(v.boolean()),
      cancelled: v.optional(v.boolean()),
      /** Whether other slots' files and processes were out of its reach. */
      sandboxed: v.optional(v.boolean()),
      isolation: v.optional(isolation),
      network_isolated: v.optional(v.boolean()),
      /** Whether output was dropped beyond the limit. */
      truncated: v.optional(v.boolean()),
      /** In milliseconds. */
      duration: v.optional(v.number()),
    }),
    {},
  ),
});
/** How a tool ended. `success` is false where a command ended with another code than 0. */
export type ExecuteAnswer = v.InferOutput<typeof executeAnswer>;

/** The schema of {@link ExecuteFrame}. */
export const executeFrame = v.union([
  /** A piece of output, in base64. */
  v.object({ stream: v.picklist(["stdout", "stderr"]), data: v.string() }),
  /** The last one: how it ended, its `output` empty. Without it, the connection was cut, and how it ended is not known. */
  v.object({ result: executeAnswer }),
]);
/** A line of a streamed answer. */
export type ExecuteFrame = v.InferOutput<typeof executeFrame>;

/** Why something was refused. Nothing was run. */
export type RefusalCode =
  | "malformed"
  | "unauthorized"
  | "not-found"
  | "unknown-slot"
  | "unknown-tool"
  | "not-supported"
  | "stale-generation"
  | "no-generation"
  | "outside-workspace"
  | "too-large"
  | "busy"
  | "sandbox-required"
  | "stopping"
  | "internal";

/** The schema of {@link Refusal}. */
export const refusal = v.object({
  success: v.literal(false),
  /** In words. */
  error: v.string(),
  /** One of {@link RefusalCode}; a word that is not known is kept. */
  code: v.optional(v.string()),
  /** With `stale-generation`: the highest that the server has seen. */
  generation: v.optional(v.number()),
});

/** What is answered, with a status of 400 and above, where something was refused. */
export type Refusal = v.InferOutput<typeof refusal>;

/** The schema of {@link SandboxHealth}. */
export const sandboxHealth = v.looseObject({
  /** `ok`, or `stopping`. */
  status: v.string(),
  slots: v.number(),
  available: v.number(),
  executing: v.number(),
  data_dir: v.optional(v.string()),
  bwrap_available: v.optional(v.boolean()),
  isolation: v.optional(isolation),
  /** Whether commands can be kept from the network. */
  network_isolation: v.optional(v.boolean()),
  /** Whether a token is asked for. */
  token: v.optional(v.boolean()),
});

/** What `GET /health` answers. */
export type SandboxHealth = v.InferOutput<typeof sandboxHealth>;

/** The slots of a sandbox. */
export interface SandboxSlots {
  /** Each of them, with what it does. */
  readonly slots: readonly {
    readonly slot_id: string;
    /** `available` or `executing`. */
    readonly state: string;
    readonly workspace_dir: string;
    readonly current_execution_id?: string | null;
    /** The highest that was seen; 0: none. */
    readonly generation?: number;
  }[];
}

/** A file of a workspace, or its beginning. */
export interface ReadAnswer {
  /** Always: what is refused is answered with a {@link Refusal}. */
  readonly success: true;
  /** What was read, in the encoding that is named. */
  readonly content: string;
  /** How the content is written. */
  readonly encoding: "text" | "base64";
  /** Whether the file has more than was read. */
  readonly truncated: boolean;
  /** How many bytes were read. */
  readonly bytes: number;
  /** How many bytes the file has. */
  readonly file_size: number;
  /** The file's path in the workspace. */
  readonly path: string;
  /** Its media type, such as `text/plain`. */
  readonly mime: string;
  /** The SHA-256 of what was read, in hexadecimal. Default: not asked for. */
  readonly sha256?: string | null;
}

/** What lies in a folder of a workspace. */
export interface ListAnswer {
  /** Always: what is refused is answered with a {@link Refusal}. */
  readonly success: true;
  /** `mtime` in seconds since 1970. Symbolic links are listed as they are, and never followed. */
  readonly entries: {
    readonly path: string;
    readonly is_dir: boolean;
    readonly size: number;
    readonly mtime: number;
  }[];
  /** Whether the folder has more than is listed. */
  readonly truncated: boolean;
}

/** A folder of a workspace as an archive. */
export interface ArchiveAnswer {
  /** Always: what is refused is answered with a {@link Refusal}. */
  readonly success: true;
  /** The archive, in base64. */
  readonly content: string;
  /** How the content is written. */
  readonly encoding: "base64";
  /** What kind of archive it is. */
  readonly format: "tar.gz";
  /** How many bytes the archive has. */
  readonly bytes: number;
  /** How many files are in it. */
  readonly entry_count: number;
}
