import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, messageOf, Refusal } from "./client";
import { EnvironmentView } from "./environment";
import { Environments } from "./environments";
import { Login } from "./login";
import "./page.css";
import { Trouble } from "./parts";
import { Pools } from "./pools";
import { useSession, type Session } from "./session";
import { Sessions } from "./sessions";
import "./visible-text";
import { addressOf, placeOf, titleOf, type Place } from "./words";

function Page() {
  const { session, refused, trouble, over, look, begin } = useSession();
  const [place, setPlace] = useState<Place>(placeOf(location.hash));
  const [unleft, setUnleft] = useState<string>();
  const here = useRef(place);
  here.current = place;
  useEffect(() => {
    const moved = () => {
      // An address that opens the page may be opened where the page is: then nothing but this part of it changes.
      if (!begin(addressOf(here.current))) setPlace(placeOf(location.hash));
    };
    addEventListener("hashchange", moved);
    if (!begin(location.pathname)) void look();
    return () => removeEventListener("hashchange", moved);
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
            <button type="button" class="small" onClick={() => void leave(setUnleft)}>
              Leave
            </button>
          </span>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {trouble !== undefined && <Trouble>{trouble}</Trouble>}
        {unleft !== undefined && <Trouble>The session was not left, and goes on: {unleft}</Trouble>}
        {refused !== undefined && !session && (
          <Login why={refused === true ? undefined : refused} onSession={() => void look()} />
        )}
        {session && over !== undefined && <Login key={over} why={over} isAgain onSession={() => void look()} />}
        {session && <View key={session.owner} place={place} session={session} />}
      </main>
    </>
  );
}

const PARTS = [
  ["environments", "Environments"],
  ["pools", "Pools"],
  ["sessions", "Browser sessions"],
] as const;

function View({ place, session: { scopes, browserSessions } }: { readonly place: Place; readonly session: Session }) {
  if (place.view === "environment")
    return <EnvironmentView key={place.id} id={place.id} mayPromote={scopes.includes("promote")} />;
  if (place.view === "pools") return <Pools scopes={scopes} />;
  if (place.view === "sessions") return <Sessions scopes={scopes} isServed={browserSessions} />;
  return <Environments />;
}

async function leave(onTrouble: (why: string) => void): Promise<void> {
  try {
    await ask("DELETE", "/api/session");
  } catch (error) {
    // Whoever has no session any more has left it.
    if (!(error instanceof Refusal && error.status === 401)) return onTrouble(messageOf(error));
  }
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
