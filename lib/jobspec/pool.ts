/** The key of a job's meta that names the pool whose containers it runs. */
export const POOL_META = "pool";

/**
 * The pool whose containers a job runs, or undefined for other jobs: its meta names the pool, and its id is the pool's name, alone or with the
 * mark of a generation behind it, as `warm-pool-openai-1f3a5b7c`.
 */
export function poolOf(id: unknown, meta: Readonly<Record<string, string>> | null | undefined): string | undefined {
  const pool: unknown = meta?.[POOL_META];
  // Either may be a token in its object shape.
  if (typeof id !== "string" || typeof pool !== "string") return undefined;
  return pool !== "" && (id === pool || id.startsWith(`${pool}-`)) ? pool : undefined;
}
