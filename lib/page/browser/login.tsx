import { useState } from "preact/hooks";
import { ask, messageOf } from "./client";
import { Trouble } from "./parts";

interface LoginProps {
  readonly why: string | undefined;
  /** Whether somebody had a session, whose page is still there below. */
  readonly isAgain?: boolean;
  readonly onSession: () => void;
}

/** How somebody without a session gets one. */
export function Login({ why, isAgain = false, onSession }: LoginProps) {
  const [token, setToken] = useState("");
  const Title = isAgain ? "h2" : "h1";
  const [trouble, setTrouble] = useState(why);
  const open = async (event: Event) => {
    event.preventDefault();
    // A header takes nothing else, and a browser would say that the service cannot be reached.
    if (!/^[!-~]+$/.test(token.trim())) return setTrouble("this is no token: it has signs that none has");
    try {
      await ask("POST", "/api/session", { bearer: token.trim(), body: {} });
      setToken("");
      onSession();
    } catch (error) {
      setTrouble(messageOf(error));
    }
  };
  return (
    <section aria-labelledby="login" class={isAgain ? "again" : ""}>
      <Title id="login">{isAgain ? "Open the page again" : "Open the page"}</Title>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
      <p>
        In a terminal: <code>cdk-nomad ui</code>, or for a service of pools <code>cdk-nomad ui --service</code>. Each
        opens this page with an address that works once.
      </p>
      <form onSubmit={(event) => void open(event)}>
        <p>
          <label for="token">Or a token of cdk-nomad pool token create</label>
        </p>
        <p>
          <input
            id="token"
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />{" "}
          <button type="submit" class="primary">
            Open
          </button>
        </p>
      </form>
    </section>
  );
}
