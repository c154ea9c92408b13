import { isDeepStrictEqual } from "node:util";
import { ApiError, apiPath, keyPath } from "../../lib/nomad";
import type { AllocationStub, ConfigEntryJson, ConsulClient, JobJson, JobSummary, NomadClient } from "../../lib/nomad";
import { SUBMITTED_FOR } from "../../lib/stack-record";
import { RecordServers } from "./record-store";

/** As much of Nomad and Consul as it takes to look for what a stack brought, and to take it away, in the memory of a test. */
export class ClusterInMemory extends RecordServers {
  /** Jobs as the server holds them, with their region and namespace. */
  readonly jobs: JobJson[] = [];
  readonly allocations = new Map<string, AllocationStub[]>();
  /** For which stack jobs were registered, by their ids: the paths of records. */
  readonly submittedFor = new Map<string, string>();
  readonly entries = new Map<string, ConfigEntryJson>();
  /** What was written, in order: `stop web`, `purge web`, `delete shop/a`. */
  readonly done: string[] = [];
  /** Called before a job is stopped. */
  beforeStop: (id: string) => void = () => undefined;
  /** What the environment of whoever asks names. */
  named: { readonly region?: string; readonly namespace?: string } = {};
  /** The region of the server. */
  region = "global";
  /** Regions to which the server has no way. */
  readonly lostRegions = new Set<string>();

  /** Registers jobs: in the server's region and the default namespace, where they name no others. */
  hold(...jobs: readonly (Partial<JobJson> & { readonly ID: string })[]): void {
    for (const job of jobs)
      this.jobs.push({ Type: "service", Region: this.region, Namespace: "default", Stop: false, ...job });
  }

  /** What of the jobs is there, by their ids. */
  get ids(): readonly string[] {
    return this.jobs.map(({ ID }) => ID).sort();
  }

  override get clients() {
    const { nomad, consul } = super.clients;
    return {
      nomad: Object.assign(nomad, this.jobsClient(this.named)),
      consul: Object.assign(consul, this.keysClient()),
    };
  }

  private jobsClient(query: { readonly region?: string; readonly namespace?: string }): Partial<NomadClient> {
    const { region = this.region, namespace = "default" } = query;
    const here = () => this.jobs.filter((job) => job.Region === region && job.Namespace === namespace);
    const find = (id: string) => here().find(({ ID }) => ID === id);
    return {
      http: { connection: { query } } as unknown as NomadClient["http"],
      where: ({ Region, Namespace }: Readonly<Record<string, unknown>>) =>
        this.jobsClient({
          ...query,
          ...(typeof Region === "string" ? { region: Region } : {}),
          ...(typeof Namespace === "string" ? { namespace: Namespace } : {}),
        }) as NomadClient,
      ownRegion: async () => this.region,
      regions: async () => [this.region],
      jobs: async (prefix = "") =>
        here()
          .filter(({ ID }) => ID.startsWith(prefix))
          .map((job) => ({ ParentID: "", ...job }) as unknown as JobSummary),
      // What no path can name is refused by the real clients, too.
      job: async (id) => {
        const path = apiPath`/v1/job/${id}`;
        if (this.lostRegions.has(region)) throw new ApiError("Nomad", "GET", path.toString(), 500, "No path to region");
        return find(id);
      },
      summary: async () => undefined,
      submission: async (id) => {
        const stack = this.submittedFor.get(id);
        return stack === undefined
          ? undefined
          : { Source: "", Format: "json", Variables: "", VariableFlags: { [SUBMITTED_FOR]: stack } };
      },
      plan: async (wanted) => {
        const held = find(wanted.ID);
        const { Region: _, Namespace: _n, Stop: stop, Type: _t, ...rest } = held ?? { ID: "" };
        const { Region: _r, Namespace: _m, ...asked } = wanted;
        const isSame = stop !== true && isDeepStrictEqual(rest, asked);
        const Type = held === undefined ? "Added" : isSame ? "None" : "Edited";
        const Fields = [{ Type: "Edited" as const, Name: "Priority", Old: "1", New: "2", Annotations: null }];
        return {
          Diff: { Type, ID: wanted.ID, Fields: Type === "Edited" ? Fields : [], Objects: [], TaskGroups: [] },
          JobModifyIndex: held === undefined ? 0 : 1,
          Warnings: "",
        } as never;
      },
      allocations: async (id) => this.allocations.get(id) ?? [],
      evaluation: async () => undefined,
      deregister: async (id, { purge = false } = {}) => {
        const held = find(id);
        if (purge) this.jobs.splice(held ? this.jobs.indexOf(held) : this.jobs.length, 1);
        else {
          this.beforeStop(id);
          if (held) this.jobs[this.jobs.indexOf(held)] = { ...held, Stop: true };
        }
        this.done.push(`${purge ? "purge" : "stop"} ${id}`);
        return { EvalID: "" };
      },
    };
  }

  private keysClient(): Partial<ConsulClient> {
    return {
      keys: async (prefix: string) => {
        void keyPath(prefix);
        return [...this.consul.keys()].filter((key) => key.startsWith(prefix));
      },
      deleteKey: async (key: string) => {
        this.done.push(`delete ${key}`);
        this.put("consul", key, undefined);
        return true;
      },
      configEntry: async (kind: string, name: string) => {
        const path = apiPath`/v1/config/${kind}/${name}`;
        // As Consul's check of names does, which is told of none by its path.
        if (/[^ -~\u00a0-\uffff]/.test(name)) throw new ApiError("Consul", "GET", path.toString(), 400, "Bad Request");
        return this.entries.get(`${kind}/${name}`);
      },
      deleteConfigEntry: async (kind: string, name: string) => {
        this.done.push(`delete ${kind} ${name}`);
        return this.entries.delete(`${kind}/${name}`);
      },
    };
  }
}
