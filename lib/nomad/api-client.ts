import { optionalText } from "./answers";
import { apiPath } from "./api-path";
import type { Connection } from "./connection";
import { ApiError } from "./errors";
import { Http } from "./http";

/** What clients of Nomad's and of Consul's API have in common. */
export abstract class ApiClient {
  /** What its requests go through. */
  readonly http: Http;

  constructor(connection: Connection | Http) {
    this.http = connection instanceof Http ? connection : new Http(connection);
  }

  /** Where it is, without credentials. */
  get address(): string {
    return this.http.connection.address;
  }

  /** The cluster's leader, or undefined while there is none. */
  async leader(): Promise<string | undefined> {
    try {
      return (await this.http.get(apiPath`/v1/status/leader`, optionalText)) || undefined;
    } catch (error) {
      if (error instanceof ApiError && /no cluster leader/i.test(error.body)) return undefined;
      throw error;
    }
  }

  /** Lets go of every connection. */
  async close(): Promise<void> {
    await this.http.close();
  }
}
