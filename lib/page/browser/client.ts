/** How long the service may take to answer, in milliseconds. */
const PATIENCE = 15_000;

/** Why the service refused something, or that it does not answer. */
export class Refusal extends Error {
  /** @param status 0 where there was no answer */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Asks the service that the page came from. What it answers is of the shape that its document says. @throws Refusal */
export async function ask<T>(method: "GET" | "POST" | "DELETE", path: string, options: AskOptions = {}): Promise<T> {
  const { body, bearer, signal, patience: longest = PATIENCE } = options;
  const patience = AbortSignal.timeout(longest);
  let response: Response;
  let text: string;
  try {
    response = await fetched(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    const why = patience.aborted
      ? `the service has not answered for ${longest / 1000} s`
      : "the service cannot be reached";
    throw new Refusal(0, method === "GET" ? why : `${why}; whether it was done is not known`);
  }
  const data = parsed(text);
  if (response.ok) return data as T;
  const { title, detail } = (data ?? {}) as { readonly title?: unknown; readonly detail?: unknown };
  const said = [title, detail].filter((each) => typeof each === "string").join(": ");
  const why = said || `the service answered ${response.status}`;
  if (response.status === 401) tellSessionOver(why);
  throw new Refusal(response.status, why);
}

/**
 * Asks as `fetch` does, and once more where the browser sent a session that another program on this host had set along with its own: the refusal has taken that one away, and nothing was
 * done.
 */
export async function fetched(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (response.status !== 401) return response;
  const { code } = (parsed(await response.clone().text()) ?? {}) as { readonly code?: unknown };
  return code === "several-sessions" ? fetch(path, init) : response;
}

const SESSION_OVER = "cdk-nomad-session-over";

/** Says to the whole page that the service does not know any more who asks. */
export function tellSessionOver(why: string): void {
  dispatchEvent(new CustomEvent(SESSION_OVER, { detail: why }));
}

/** Hears of that. @returns what ends it */
export function onSessionOver(hear: (why: string) => void): () => void {
  const listener = (event: Event) => hear(String((event as CustomEvent<unknown>).detail));
  addEventListener(SESSION_OVER, listener);
  return () => removeEventListener(SESSION_OVER, listener);
}

interface AskOptions {
  readonly body?: object;
  readonly bearer?: string;
  readonly signal?: AbortSignal;
  /** How long the answer may take, in milliseconds. Default: 15 s. */
  readonly patience?: number;
}

/** What went wrong, in a sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "something went wrong";
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
