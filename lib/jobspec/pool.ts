/** The key of a job's meta that names the pool whose containers it runs. */
export const POOL_META = "pool";

/**
 * The pool whose containers a job runs, or undefined for other jobs: its meta names the pool, and its id is the pool's name, alone or with the
 * mark of a generation behind it, as `warm-pool-openai-1f3a5b7c`.
 */
export function poolOf(id: string, meta: Readonly<Record<string, string>> | null | undefined): string | undefined {
  const pool = meta?.[POOL_META];
  return pool !== undefined && pool !== "" && (id === pool || id.startsWith(`${pool}-`)) ? pool : undefined;
}
