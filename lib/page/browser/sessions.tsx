import { useState } from "preact/hooks";
import { ask } from "./client";
import { useAsked } from "./hooks";
import { Confirm, Trouble } from "./parts";

interface BrowserSession {
  readonly id: string;
  readonly owner: string;
  readonly provider: string;
  /** The machine's own. */
  readonly address: string;
}

/** Browser sessions to look into, where the service has any. */
export function Sessions({ scopes, isServed }: { readonly scopes: readonly string[]; readonly isServed: boolean }) {
  const all = scopes.includes("any-owner") ? "?all=true" : "";
  const path = `/api/browser-sessions${all}`;
  const asked = isServed ? path : undefined;
  const { data, trouble, again } = useAsked<{ readonly sessions: readonly BrowserSession[] }>(asked, 5000);
  return (
    <section aria-labelledby="title">
      <h1 id="title">Browser sessions</h1>
      {!isServed && (
        <p class="quiet">
          This service hands out no browser sessions; <code>cdk-nomad serve --browsers 3</code> hands out three at a
          time.
        </p>
      )}
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
      {isServed && data === undefined && trouble === undefined && <p class="quiet">Asking…</p>}
      {data?.sessions.length === 0 && trouble === undefined && (
        <p class="quiet">{all === "" ? "You have none." : "Nobody has one."} POST /api/browser-sessions opens one.</p>
      )}
      <ul class="cards">
        {data?.sessions.map((session) => (
          <SessionCard
            key={session.id}
            session={session}
            mayLook={scopes.includes("claim") && trouble === undefined}
            onChanged={again}
          />
        ))}
      </ul>
    </section>
  );
}

interface CardProps {
  readonly session: BrowserSession;
  readonly mayLook: boolean;
  readonly onChanged: () => void;
}

function SessionCard({ session: { id, owner, provider, address }, mayLook, onChanged }: CardProps) {
  const [asks, setAsks] = useState<"look" | "end">();
  const close = () => setAsks(undefined);
  const path = `/api/browser-sessions/${encodeURIComponent(id)}`;
  return (
    <li class="card">
      <h2>{id}</h2>
      <p>
        {provider} for {owner}, at {address}
      </p>
      {mayLook && (
        <p>
          <button type="button" onClick={() => setAsks("look")}>
            Look
            <span class="hidden"> at {id}</span>
          </button>{" "}
          <button type="button" onClick={() => setAsks("end")}>
            End
            <span class="hidden"> {id}</span>
          </button>
        </p>
      )}
      {asks === "look" && (
        <Confirm title={`Look at ${id}?`} action="Look" onClose={close} onConfirm={() => look(path)}>
          <p>
            Its screen opens in another tab, where the keyboard and the pointer act in it as those of {owner} do. The
            audit log says who looked.
          </p>
        </Confirm>
      )}
      {asks === "end" && (
        <Confirm
          title={`End ${id}?`}
          action="End"
          onClose={close}
          onConfirm={async () => {
            await ask("DELETE", path);
            onChanged();
          }}
        >
          <p>Its machine is shut down, and nothing of it is kept.</p>
        </Confirm>
      )}
    </li>
  );
}

/** Opens the screen by a ticket that is good once. */
async function look(path: string): Promise<void> {
  // Opened at the click: a browser lets nobody open tabs later.
  const tab = open("about:blank", "_blank");
  try {
    const { page } = await ask<{ readonly page: string }>("POST", `${path}/tickets`);
    if (!tab || !page.startsWith("/") || page.startsWith("//")) throw new Error("the browser lets no tab be opened");
    tab.opener = null;
    tab.location.replace(page);
  } catch (error) {
    tab?.close();
    throw error;
  }
}
