import { generateKeyPairSync } from "node:crypto";
import { TaskOutput } from "../../../lib/cli/task-output";
import { MASK, Masking } from "../../../lib/masking";
import { until } from "../../support/until";
import { renderTerminal, type TerminalText } from "../../../lib/text";

/** What is printed of what a task writes in pieces, with secrets hidden. */
function printed(patience?: number) {
  const masking = new Masking();
  const texts: string[] = [];
  const print = (lines: TerminalText) => {
    texts.push(renderTerminal(lines, { color: false, mask: (text) => masking.text(text) }));
  };
  return { texts, output: new TaskOutput(print, patience) };
}

const { privateKey: key } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});

test.each([
  ["line by line", (text: string) => text.split(/(?<=\n)/)],
  ["in pieces of 100 bytes", (text: string) => text.match(/[^]{1,100}/g) ?? []],
])("a private key that a task writes %s is hidden whole, and what is around it is not", (_how, cut) => {
  const { texts, output } = printed();
  for (const piece of cut(`before\n${key}after\n`)) output.push(Buffer.from(piece));
  output.end();
  expect(texts.join("\n")).toBe(`before\n${MASK}\nafter`);
});

test("the beginning of a key that never ends keeps nothing back for good", async () => {
  const { texts, output } = printed(20);
  output.push(Buffer.from("before\n-----BEGIN PRIVATE KEY-----\nMIIE\n"));
  expect(texts).toEqual(["before"]);
  await until("it is not waited for", () => texts.length > 1);
  output.push(Buffer.from("after\n"));
  expect(texts).toEqual(["before", MASK, "after"]);
});
