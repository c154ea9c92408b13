import { JobRequests } from "./jobs";
import { whereOf } from "./where";

/**
 * Nomad's HTTP API. Each of its themes stands in a file of its own, one class on top of the other.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs
 */
export class NomadClient extends JobRequests {
  /** The same cluster, in the region and namespace that a job names. */
  where(job: Readonly<Record<string, unknown>>): NomadClient {
    const query = whereOf(job);
    return Object.keys(query).length === 0 ? this : new NomadClient(this.http.with(query));
  }
}
