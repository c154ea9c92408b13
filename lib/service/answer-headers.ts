/**
 * The headers of every answer that says no others: it may hold a secret or what a task wrote, so no cache keeps it, and no browser takes it for anything but
 * what it says it is.
 *
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Cache-Control#no-store
 */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};
