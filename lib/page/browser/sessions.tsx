import { Trouble } from "./parts";
import { useAsked } from "./hooks";

interface BrowserSession {
  readonly id: string;
  readonly owner?: string;
  readonly state?: string;
  /** Where its screen is seen, at this service. */
  readonly page?: string;
}

/** Browser sessions to look into, where the service has any. */
export function Sessions() {
  const { data, trouble } = useAsked<{ readonly sessions: readonly BrowserSession[] }>("/api/browser-sessions", 5000);
  const hasNone = trouble !== undefined && /no such route/i.test(trouble);
  return (
    <section aria-labelledby="title">
      <h1 id="title">Browser sessions</h1>
      {hasNone && <p class="quiet">This service hands out no browser sessions.</p>}
      {trouble !== undefined && !hasNone && <Trouble>{trouble}</Trouble>}
      {data?.sessions.length === 0 && <p class="quiet">Nobody has one.</p>}
      <ul class="cards">
        {data?.sessions.map(({ id, owner, state, page }) => (
          <li key={id} class="card">
            <h2>
              {page?.startsWith("/") && !page.startsWith("//") ? (
                <a href={page} target="_blank" rel="noopener noreferrer">
                  {id}
                </a>
              ) : (
                id
              )}
            </h2>
            <p>{[owner, state].filter(Boolean).join(", ")}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
