/** How long GitHub may say nothing, before and within an answer, in milliseconds. */
export const SILENCE = 12_000;
/** A hundred comments of the greatest length are some 7 MB. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** Why an answer of GitHub's was not awaited any longer. The client asks nothing again that ends under this name. */
export class NoAnswer extends Error {
  override readonly name = "AbortError";
}

/** Limits of a request. */
export interface FetchLimits {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** How long the server may say nothing, in milliseconds. */
  readonly silence: number;
}

/**
 * The platform's fetch, with answers that come within a time and a size. An answer is read whole before it is handed on.
 *
 * @throws NoAnswer (from what it returns) where the server says nothing for too long, or too much
 */
export function limitedFetch({ signal, silence }: FetchLimits): typeof fetch {
  return async (input, init) => {
    const quiet = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silence);
    };
    const signals = [quiet.signal, ...(signal ? [signal] : []), ...(init?.signal ? [init.signal] : [])];
    wait();
    try {
      const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        wait();
        size += chunk.length;
        if (size > LARGEST_ANSWER) throw new NoAnswer(`its answer is larger than ${LARGEST_ANSWER / 1024 / 1024} MiB`);
        chunks.push(chunk);
      }
      const { status, statusText, headers } = response;
      return new Response(chunks.length > 0 ? Buffer.concat(chunks) : null, { status, statusText, headers });
    } catch (error) {
      if (signal?.aborted) throw new NoAnswer("interrupted", { cause: error });
      if (quiet.signal.aborted) throw new NoAnswer(`it said nothing for ${silence / 1000} s`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}
