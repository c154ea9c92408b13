import { randomBytes } from "node:crypto";
import { UserError } from "../../errors";
import type { ExecSession, NomadClient } from "../../nomad";
import { CONNECT, SCREEN_TASK } from "../jobs";

/** How long a guest may take to answer, in milliseconds: longer than the connection to it lasts. An emulated one that is busy takes a second. */
const PATIENCE = 10_000;
/** The longest address of a page. */
const LONGEST_ADDRESS = 8192;

/** How far a session is: its browser waits for an address, has it, or a login has handed its result over. */
export type BrowserState =
  | { readonly kind: "waiting" }
  | { readonly kind: "opened" }
  | { readonly kind: "credentials"; readonly credentials: Readonly<Record<string, string>> };

/** What a machine's guest is told and asked, over the channel of its job: one exec for each question. */
export class Channel {
  constructor(private readonly nomad: NomadClient) {}

  /** Sends the browser to its address. It counts once. @throws UserError where it is no address of the web */
  async open(allocation: string, address: string, signal?: AbortSignal): Promise<void> {
    checkAddress(address);
    const answer = await this.ask(allocation, `open ${address}`, signal);
    if (answer !== "done") throw new Error("the guest of a browser session gave an answer that is not known");
  }

  /** Asks how far the guest is. */
  async state(allocation: string, signal?: AbortSignal): Promise<BrowserState> {
    const answer = await this.ask(allocation, "state", signal);
    if (answer === "waiting" || answer === "opened") return { kind: answer };
    const [word, query = ""] = answer.split(" ");
    if (word !== "credentials") throw new Error("the guest of a browser session gave an answer that is not known");
    return { kind: "credentials", credentials: Object.fromEntries(new URLSearchParams(query)) };
  }

  private async ask(allocation: string, question: string, given?: AbortSignal): Promise<string> {
    const late = AbortSignal.timeout(PATIENCE);
    const signal = given ? AbortSignal.any([given, late]) : late;
    // A guest that was asked by somebody who has gone may answer them first.
    const word = randomBytes(8).toString("hex");
    // The signal closes no session: one that is cut off keeps its connection to the guest, one that is ended lets go of it.
    const session = await this.nomad.exec(allocation, SCREEN_TASK, CONNECT.channel);
    session.exitCode.catch(() => undefined);
    try {
      signal.throwIfAborted();
      await session.write(Buffer.from(`${word} ${question}\n`));
      return await Promise.race([answerTo(word, session), aborted(signal)]);
    } finally {
      await session.end().catch(() => undefined);
      session.close();
    }
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const say = () => reject(signal.reason as Error);
    if (signal.aborted) say();
    else signal.addEventListener("abort", say, { once: true });
  });
}

async function answerTo(word: string, session: ExecSession): Promise<string> {
  let text = "";
  for await (const chunk of session.stdout) {
    text += Buffer.from(chunk).toString("latin1");
    const lines = text.split("\n");
    const found = lines.slice(0, -1).find((line) => line.startsWith(`${word} `));
    if (found !== undefined) return found.slice(word.length + 1).trim();
    if (text.length > 64 * 1024) break;
  }
  await session.exitCode;
  throw new Error("the guest of a browser session did not answer");
}

/** @throws UserError where it is no address that a browser of the web opens */
export function checkAddress(address: string): void {
  const isPlain = /^https?:\/\/[\x21-\x7e]+$/.test(address) && address.length <= LONGEST_ADDRESS;
  if (isPlain && URL.canParse(address)) return;
  throw UserError.at(
    "url",
    "is no address that is opened; write one that begins with https:// or http://, of ASCII without spaces, of 8192 characters at most",
    "browser/url",
  );
}
