import { PassThrough } from "node:stream";
import { confirm } from "../../../lib/cli/confirm";
import type { Terminal } from "../../../lib/cli/terminal";
import { term } from "../../../lib/text";

const terminal = { note: () => undefined } as unknown as Terminal;
const person = () => Object.assign(new PassThrough(), { isTTY: true });
const ask = (stdin: PassThrough, signal: AbortSignal, json = false) =>
  confirm(term`all of it?`, "dev", { stdin, terminal, signal }, { json });

test("whoever writes the word means it, and nobody else", async () => {
  const ends = new AbortController();
  for (const [said, meant] of [
    ["dev\n", true],
    ["yes\n", false],
  ] as const) {
    const stdin = person();
    stdin.write(said);
    expect(await ask(stdin, ends.signal)).toBe(meant);
  }
});

test("nobody is asked without a terminal, or with --json, and each is said as what it is", async () => {
  const { signal } = new AbortController();
  await expect(ask(new PassThrough(), signal)).rejects.toThrow(/--yes: is missing: there is no terminal/);
  await expect(ask(person(), signal, true)).rejects.toThrow(/--yes: is missing: with --json nobody is asked/);
});

test("an interruption ends the question, also one from before it", async () => {
  await expect(ask(person(), AbortSignal.abort(new Error("interrupted")))).rejects.toThrow("interrupted");
  const ends = new AbortController();
  const asked = ask(person(), ends.signal);
  ends.abort(new Error("meanwhile"));
  await expect(asked).rejects.toThrow("meanwhile");
});
