import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import {
  archiveRequest,
  executeRequest,
  GENERATION_HEADER,
  listRequest,
  readRequest,
  resetRequest,
  type ExecuteAnswer,
  type SandboxHealth,
  type SandboxSlots,
} from "../protocol";
import { archiveArtifacts, listArtifacts, readArtifact } from "./artifacts";
import { shaped } from "./body";
import type { Chosen } from "./isolation";
import type { Limits } from "./limits";
import { Refused } from "./refused";
import type { Claim, Slot } from "./slot";
import { Tools, type OnOutput } from "./tools";

/** What every request about a slot says. */
interface OfSlot {
  readonly slot_id: string;
  readonly generation?: number | undefined;
  readonly owner?: string | undefined;
  readonly keep_workspace?: boolean | undefined;
}

/** What a path of the interface does. */
export type Route = (
  body: unknown,
  call: { readonly signal: AbortSignal; readonly generation: number | undefined },
) => Promise<unknown>;

/** The paths of the interface, without anything of HTTP. */
export class Routes {
  readonly #tools: Tools;
  /** By path. */
  readonly posts: ReadonlyMap<string, Route>;

  constructor(
    private readonly slots: ReadonlyMap<string, Slot>,
    private readonly settings: {
      readonly dataDir: string;
      readonly token: boolean;
      readonly isolation: Chosen;
      readonly limits: Limits;
    },
  ) {
    this.#tools = new Tools(settings.isolation, settings.limits);
    const { limits } = settings;
    const least = (asked: number | null | undefined, limit: number) => Math.min(asked ?? limit, limit);
    this.posts = new Map<string, Route>([
      ["/execute", (body, call) => this.execute(body, call)],
      ["/batch", (body, call) => this.batch(body, call)],
      ["/reset", (body, call) => this.reset(body, call)],
      [
        "/artifacts/read",
        this.artifact(readRequest, (slot, { path, encoding, max_bytes, include_sha256 }) => {
          const limit = least(max_bytes, limits.artifact);
          return readArtifact(slot.files, path, {
            encoding: encoding ?? "text",
            limit,
            sha256: include_sha256 ?? false,
          });
        }),
      ],
      [
        "/artifacts/list",
        this.artifact(listRequest, (slot, { path, recursive, max_entries }) =>
          listArtifacts(slot.files, path, { recursive: recursive ?? false, limit: least(max_entries, limits.entries) }),
        ),
      ],
      [
        "/artifacts/archive",
        this.artifact(archiveRequest, (slot, { path, format, max_bytes, max_entries }) =>
          archiveArtifacts(slot.files, path, {
            format: format ?? "tar.gz",
            bytes: least(max_bytes, limits.artifact),
            entries: least(max_entries, limits.entries),
          }),
        ),
      ],
    ]);
  }

  /** Runs a tool. @param onOutput takes its output as it comes; its answer has none then */
  async execute(body: unknown, call: Parameters<Route>[1], onOutput?: OnOutput): Promise<ExecuteAnswer> {
    const request = shaped(executeRequest, body);
    return this.#tools.execute(this.slot(request), request, claimOf(request, call.generation), call.signal, onOutput);
  }

  health(stopping: boolean): SandboxHealth {
    const executing = [...this.slots.values()].filter((slot) => slot.executing !== undefined).length;
    const { dataDir, token, isolation } = this.settings;
    return {
      status: stopping ? "stopping" : "ok",
      slots: this.slots.size,
      available: this.slots.size - executing,
      executing,
      data_dir: dataDir,
      bwrap_available: isolation.kind === "bubblewrap",
      isolation: isolation.kind,
      network_isolation: isolation.network,
      token,
    };
  }

  list(): SandboxSlots {
    const slots = [...this.slots.values()].map((slot) => ({
      slot_id: slot.id,
      state: slot.executing === undefined ? "available" : "executing",
      workspace_dir: slot.workspace,
      current_execution_id: slot.executing ?? null,
      generation: slot.generation,
    }));
    return { slots };
  }

  private async batch(body: unknown, call: Parameters<Route>[1]): Promise<readonly unknown[]> {
    if (!Array.isArray(body)) throw new Refused("malformed", "Expected array of requests");
    const { batch } = this.settings.limits;
    if (body.length > batch) throw new Refused("too-large", `A batch has ${batch} requests at most`);
    return Promise.all(
      body.map(async (item: unknown) => {
        try {
          return await this.execute(item, call);
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          const id = v.safeParse(v.object({ execution_id: v.pipe(v.string(), v.maxLength(256)) }), item);
          return { ...error.body, execution_id: id.success ? id.output.execution_id : null };
        }
      }),
    );
  }

  private async reset(body: unknown, { signal, generation }: Parameters<Route>[1]): Promise<ExecuteAnswer> {
    const request = shaped(resetRequest, body);
    const slot = this.slot(request);
    await slot.reset(claimOf(request, generation), signal);
    return { success: true, output: `Reset workspace for ${slot.id}`, error: "", metadata: {} };
  }

  private artifact<S extends v.GenericSchema<unknown, OfSlot>>(
    schema: S,
    work: (slot: Slot, request: v.InferOutput<S>) => Promise<unknown>,
  ): Route {
    return (body, { signal, generation }) => {
      const request = shaped(schema, body);
      const slot = this.slot(request);
      return slot.use(claimOf(request, generation), signal, () => work(slot, request));
    };
  }

  private slot({ slot_id }: OfSlot): Slot {
    const slot = this.slots.get(slot_id);
    if (!slot)
      throw new Refused(
        "unknown-slot",
        `Unknown slot: ${JSON.stringify(slot_id)}; there are slot_0 to slot_${this.slots.size - 1}`,
      );
    return slot;
  }
}

function claimOf(request: OfSlot, inHeader: number | undefined): Claim {
  if (request.generation !== undefined && inHeader !== undefined && request.generation !== inHeader)
    throw new Refused("malformed", "the header and the body name different generations");
  const generation = request.generation ?? inHeader;
  return { generation, owner: request.owner, keepWorkspace: request.keep_workspace ?? false };
}

/** The generation that a request's header names. */
export function generationIn(request: IncomingMessage): number | undefined {
  const text = request.headers[GENERATION_HEADER];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (typeof text !== "string" || !/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw new Refused("malformed", `${GENERATION_HEADER} is no whole number`);
  return value;
}
