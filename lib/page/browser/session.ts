import { useEffect, useRef, useState } from "preact/hooks";
import { ask, messageOf, onSessionOver, Refusal } from "./client";
import { oneTimeTokenOf } from "./words";

/** Who looks at the page, and what they may. */
export interface Session {
  readonly owner: string;
  readonly scopes: readonly string[];
  /** Whether the service hands out browser sessions. */
  readonly browserSessions: boolean;
}

/** The session of whoever looks at the page. */
export interface SessionHere {
  readonly session: Session | undefined;
  /** Why there is none; `true` where nobody tried to open one. */
  readonly refused: string | true | undefined;
  /** Why it is not known whose it is just now; it is asked again. */
  readonly trouble: string | undefined;
  /** Why there is none any more, where there was one. */
  readonly over: string | undefined;
  readonly look: () => Promise<void>;
  /** Opens one by the one-time token of the address, which is `instead` from then on. @returns whether it has one */
  readonly begin: (instead: string) => boolean;
}

/** Between two questions that are not answered, in milliseconds: about so long. */
const AGAIN = 2000;

/** Finds out whose session it is, again and again until the service says it, and whenever somebody comes back to the page: another tab may have opened another one. */
export function useSession(): SessionHere {
  const [session, setSession] = useState<Session>();
  const [refused, setRefused] = useState<string | true>();
  const [trouble, setTrouble] = useState<string>();
  const [over, setOver] = useState<string>();
  const latest = useRef(0);
  const look = async () => {
    const own = (latest.current += 1);
    const isLatest = () => latest.current === own;
    await answered(
      async () => {
        const found = await ask<Session>("GET", "/api/session");
        if (!isLatest()) return;
        setSession(found);
        setRefused(undefined);
        setOver(undefined);
      },
      { onTrouble: setTrouble, goesOn: isLatest },
    ).catch((error: unknown) => {
      if (isUnauthorized(error)) setRefused((before) => before ?? true);
    });
  };
  const begin = (instead: string) => {
    const oneTimeToken = oneTimeTokenOf(location.hash);
    if (oneTimeToken === undefined) return false;
    history.replaceState(null, "", instead);
    const open = () => ask("POST", "/api/session", { body: { oneTimeToken } });
    // Where an answer was lost the token may have been used by this very page: whether it has a session is asked then.
    void answered(open, { onTrouble: setTrouble, goesOn: () => true })
      .catch((error: unknown) => setRefused(messageOf(error)))
      .then(look);
    return true;
  };
  useEffect(() => {
    const deaf = onSessionOver(setOver);
    const back = () => {
      if (document.visibilityState === "visible") void look();
    };
    document.addEventListener("visibilitychange", back);
    return () => {
      deaf();
      document.removeEventListener("visibilitychange", back);
    };
  }, []);
  return { session, refused, trouble, over, look, begin };
}

interface Asking {
  readonly onTrouble: (why: string | undefined) => void;
  /** Whether it is asked once more. */
  readonly goesOn: () => boolean;
}

/** Asks until the service says yes or no: it may be overloaded, or be away, just now. @throws Refusal where it says no */
async function answered(asks: () => Promise<unknown>, { onTrouble, goesOn }: Asking): Promise<void> {
  for (;;) {
    try {
      await asks();
      return onTrouble(undefined);
    } catch (error) {
      const isFinal = error instanceof Refusal && error.status >= 400 && error.status < 500 && error.status !== 429;
      onTrouble(isUnauthorized(error) ? undefined : messageOf(error));
      if (isFinal) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN * (0.5 + Math.random())));
    if (!goesOn()) return;
  }
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof Refusal && error.status === 401;
}
