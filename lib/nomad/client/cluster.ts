import {
  eventBatch,
  joined,
  list,
  node,
  nomadAgent,
  nodeAllocation,
  nodeStub,
  oneTimeToken,
  ownAndOthers,
  parseJson,
  readAnswer,
  schedulerConfiguration,
  signingKeys,
  type EventBatch,
  type NodeAllocation,
  type NodeJson,
  type NodeStub,
  type SchedulerConfiguration,
} from "../answers";
import { ApiClient } from "../api-client";
import { apiPath } from "../api-path";
import { linesOf } from "../body";

/** Nomad's event stream has a heartbeat every 30 s: two of them may get lost. */
const EVENT_SILENCE = 95_000;
/** A longer event is told without what is in it. */
const LONGEST_EVENT = 64 * 1024 * 1024;
const LARGEST_PAGE = 1024 * 1024;

/** The nodes of a cluster, its regions, and what happens there. */
export abstract class ClusterRequests extends ApiClient {
  /** Every node. */
  async nodes(): Promise<readonly NodeStub[]> {
    return this.http.get(apiPath`/v1/nodes`, list(nodeStub));
  }

  /** A node with what it has. */
  async node(id: string): Promise<NodeJson> {
    return this.http.get(apiPath`/v1/node/${id}`, node);
  }

  /** The allocations of a node, of every namespace, with what they take. */
  async nodeAllocations(id: string): Promise<readonly NodeAllocation[]> {
    return this.http.get(apiPath`/v1/node/${id}/allocations`, list(nodeAllocation));
  }

  /** Nodes that answer. */
  async readyNodes(): Promise<readonly NodeStub[]> {
    return (await this.nodes()).filter(({ Status }) => Status === "ready");
  }

  /** How the scheduler places: for whom it stops what has a lower priority, among others. */
  async schedulerConfiguration(): Promise<SchedulerConfiguration> {
    return this.http.get(apiPath`/v1/operator/scheduler/configuration`, schedulerConfiguration);
  }

  /** Regions that this one knows, itself among them. */
  async regions(): Promise<readonly string[]> {
    return this.http.get(apiPath`/v1/regions`, ownAndOthers);
  }

  /** The region of the agent that is asked. */
  async ownRegion(): Promise<string> {
    return (await this.http.get(apiPath`/v1/agent/self`, nomadAgent)).config.Region;
  }

  /**
   * Ids of the keys with which the servers of the region sign identities, which everybody may read. No other cluster has one of them; a server
   * makes a new one every 30 days where nobody says otherwise, and forgets the old ones once nothing is signed with them any more.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs/operator/keyring#list-active-public-keys
   */
  async signingKeys(): Promise<readonly string[]> {
    return (await this.http.get(apiPath`/.well-known/jwks.json`, signingKeys)).keys.map(({ kid }) => kid);
  }

  /** Makes a server of another region known. @param address its Serf address */
  async join(address: string): Promise<void> {
    await this.http.put(apiPath`/v1/agent/join`, joined, { query: { address } });
  }

  /**
   * What happens on the cluster, as it happens; a batch without events as soon as the stream is open, and every 30 seconds.
   *
   * @param index from where on; 0 for what happens from now on
   * @returns undefined in the place of events that are too long to be read
   * @see https://developer.hashicorp.com/nomad/api-docs/events
   */
  async *events(
    topics: readonly string[],
    index: number,
    signal: AbortSignal,
    silence = EVENT_SILENCE,
  ): AsyncGenerator<EventBatch | undefined> {
    const path = apiPath`/v1/event/stream`;
    const query = { topic: topics, ...(index > 0 ? { index } : {}) };
    const source = this.http.source("GET", path);
    for await (const line of linesOf(this.http.stream(path, { query, signal, silence }), LONGEST_EVENT))
      yield line === undefined ? undefined : readAnswer(eventBatch, parseJson(line, source), source);
  }

  /**
   * A token that can be exchanged once, within ten minutes, for the one that asks: with it a browser logs in.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs/acl/tokens#upsert-one-time-token
   */
  async oneTimeToken(): Promise<string> {
    return (await this.http.post(apiPath`/v1/acl/token/onetime`, oneTimeToken)).OneTimeToken.OneTimeSecretID;
  }

  /** Whether the agent has the web UI inside: one that was built from its sources alone has not. */
  async hasWebUi(signal?: AbortSignal): Promise<boolean> {
    const page = await this.http.page(apiPath`/ui/`, { signal, limit: LARGEST_PAGE });
    return page.includes("ember");
  }
}
