import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, messageOf, onSessionOver, Refusal } from "./client";
import { EnvironmentView } from "./environment";
import { Environments } from "./environments";
import { Login } from "./login";
import "./page.css";
import { Trouble } from "./parts";
import { Pools } from "./pools";
import { Sessions } from "./sessions";
import { addressOf, oneTimeTokenOf, placeOf, titleOf, type Place } from "./words";

interface Session {
  readonly owner: string;
  readonly scopes: readonly string[];
}

function Page() {
  const [session, setSession] = useState<Session>();
  const [refused, setRefused] = useState<string | true>();
  const [trouble, setTrouble] = useState<string>();
  const [over, setOver] = useState<string>();
  const [place, setPlace] = useState<Place>(placeOf(location.hash));
  const look = async () => {
    try {
      setSession(await ask<Session>("GET", "/api/session"));
      setRefused(undefined);
      setTrouble(undefined);
      setOver(undefined);
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) setRefused((before) => before ?? true);
      else setTrouble(messageOf(error));
    }
  };
  useEffect(() => {
    const moved = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", moved);
    const deaf = onSessionOver(setOver);
    void begin(setRefused).then(look);
    return () => {
      deaf();
      removeEventListener("hashchange", moved);
    };
  }, []);
  useEffect(() => {
    document.title = titleOf(place);
    // Whoever reads the page by ear begins at what is new.
    document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [addressOf(place)]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <header>
        <strong>cdk-nomad</strong>
        {session && (
          <nav aria-label="Parts">
            <ul>
              {PARTS.map(([view, name]) => {
                const isHere = place.view === view || (view === "environments" && place.view === "environment");
                return (
                  <li key={view}>
                    <a href={addressOf({ view })} aria-current={isHere ? "page" : undefined}>
                      {name}
                    </a>
                  </li>
                );
              })}
            </ul>
          </nav>
        )}
        {session && (
          <span class="who">
            <span class="quiet">{session.owner}</span>{" "}
            <button type="button" class="small" onClick={() => void leave()}>
              Leave
            </button>
          </span>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {trouble !== undefined && <Trouble>{trouble}</Trouble>}
        {refused !== undefined && !session && (
          <Login why={refused === true ? undefined : refused} onSession={() => void look()} />
        )}
        {session && over !== undefined && <Login key={over} why={over} isAgain onSession={() => void look()} />}
        {session && <View place={place} session={session} />}
      </main>
    </>
  );
}

const PARTS = [
  ["environments", "Environments"],
  ["pools", "Pools"],
  ["sessions", "Browser sessions"],
] as const;

function View({ place, session: { scopes } }: { readonly place: Place; readonly session: Session }) {
  if (place.view === "environment")
    return <EnvironmentView key={place.id} id={place.id} mayPromote={scopes.includes("promote")} />;
  if (place.view === "pools") return <Pools scopes={scopes} />;
  if (place.view === "sessions") return <Sessions scopes={scopes} />;
  return <Environments />;
}

/** Makes a session of the one-time token in the address, which is taken out of it, and out of the browser's history, before anything else. */
async function begin(refuse: (why: string) => void): Promise<void> {
  const oneTimeToken = oneTimeTokenOf(location.hash);
  if (oneTimeToken === undefined) return;
  history.replaceState(null, "", location.pathname);
  try {
    await ask("POST", "/api/session", { body: { oneTimeToken } });
  } catch (error) {
    refuse(messageOf(error));
  }
}

async function leave(): Promise<void> {
  await ask("DELETE", "/api/session").catch(() => undefined);
  location.reload();
}

function skip(event: Event): void {
  // The part behind the # says where one is.
  event.preventDefault();
  document.querySelector<HTMLElement>("main")?.focus();
}

const root = document.querySelector("#page");
if (root) {
  root.replaceChildren();
  render(<Page />, root);
}
