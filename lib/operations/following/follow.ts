import type { NomadClient } from "../../nomad";
import { BlockingQueries } from "./blocking-queries";
import type { Changes, FollowOptions } from "./changes";
import { EventStream } from "./event-stream";

/**
 * Follows all jobs of a region over one open stream of Nomad's events, however many they are; over two blocking queries,
 * where the server has no such stream or the token may not read it.
 */
export function followChanges(nomad: NomadClient, options: FollowOptions = {}): Changes {
  let now: Changes = new EventStream(nomad, {
    ...options,
    onRefused: (reason) => {
      options.onTrouble?.(`Nomad's event stream cannot be read (${reason}); asking about each job instead`);
      now.close();
      now = new BlockingQueries(nomad);
    },
  });
  return { next: (job, signal) => now.next(job, signal), close: () => now.close() };
}
