import type { Answered } from "../sandbox-server";
import type { AttackedServer } from "./attacked-server";

/** Something that a slot tries on others, on its server, or on the machine. */
export interface Attack {
  readonly on: "files" | "processes" | "environment" | "network" | "links" | "resources" | "rights" | "requests";
  readonly what: string;
  /** Lines for the attacker's slot, which say BREACH where they have reached something. `TARGET` and others are put in, see {@link AttackedServer}. */
  readonly script?: string;
  /** More of the command, such as its environment. */
  readonly more?: Record<string, unknown>;
  /** What is asked after, or in the place of, the script. @returns what was reached; undefined where nothing was */
  readonly then?: (server: AttackedServer) => Promise<string | undefined>;
  /** Whether it gets through where nothing keeps slots apart, so that it is known to be one. Default: false, as it would harm the machine */
  readonly isTriedInTheOpen?: boolean;
}

/** Numbers of slots. */
export const [VICTIM, ATTACKER, BYSTANDER] = [0, 1, 2];
/** The descriptor of a file that whoever started the server left open for it. */
export const LEFT = 251;
/** What nobody but the victim may see. */
export const SECRETS = [
  "secret-in-a-file",
  "secret-in-tmp",
  "secret-in-shm",
  "secret-in-env",
  "secret-in-argument",
  "of-the-server",
  "left-by-the-starter",
];
/** Processes that are not the attacker's own. */
export const OTHERS = 'for p in /proc/[0-9]*; do grep -qs "^NSpid:.*\\b$$$" $p/status && continue;';
/** Looks for what is the victim's alone. */
export const seen = `grep -qs ${SECRETS.map((secret) => `-e ${secret}`).join(" ")}`;

/** What of the victim's an answer has in it. */
export function reached({ body }: Answered, ...more: readonly string[]): string | undefined {
  const text = JSON.stringify(body);
  return [...SECRETS, ...more].find((secret) => text.includes(secret));
}
