import { useState } from "preact/hooks";
import { ask, messageOf } from "./client";
import { Trouble } from "./parts";

/** How somebody without a session gets one. */
export function Login({ why, onSession }: { readonly why: string | undefined; readonly onSession: () => void }) {
  const [token, setToken] = useState("");
  const [trouble, setTrouble] = useState(why);
  const open = async (event: Event) => {
    event.preventDefault();
    try {
      await ask("POST", "/api/session", { bearer: token.trim(), body: {} });
      setToken("");
      onSession();
    } catch (error) {
      setTrouble(messageOf(error));
    }
  };
  return (
    <section aria-labelledby="title">
      <h1 id="title">Open the page</h1>
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
