import type { NomadClient } from "../../nomad";
import { BlockingQueries, type QueryTiming } from "./blocking-queries";
import type { Changes, ChangesOptions } from "./changes";
import { EventStream, type StreamTiming } from "./event-stream";

/**
 * Watches all jobs of a region for changes over one open stream of Nomad's events, however many they are; over two blocking queries,
 * where the server has no such stream or the token may not read it.
 *
 * @param timing for tests. Default: Nomad's own, with room
 */
export function watchChanges(
  nomad: NomadClient,
  options: ChangesOptions = {},
  timing: Partial<StreamTiming & QueryTiming> = {},
): Changes {
  let closed = false;
  let now: Changes = new EventStream(nomad, {
    ...options,
    timing,
    onRefused: (reason) => {
      if (closed) return;
      options.onTrouble?.(`Nomad's event stream cannot be read (${reason}); asking about each job instead`);
      now.close();
      now = new BlockingQueries(nomad, timing);
    },
  });
  return {
    next: async (job, signal, watcher) => {
      if (closed) throw new Error(`changes of ${job} are waited for after they were closed`);
      await now.next(job, signal, watcher);
    },
    close: () => {
      closed = true;
      now.close();
    },
  };
}
