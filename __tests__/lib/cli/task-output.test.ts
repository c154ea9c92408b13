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

test.each([
  " password=winter-night-77 ",
  " --password winter-night-77 ",
  '"a":1,"password":"winter-night-77",',
  " PGPASSWORD=winter-night-77 psql ",
])("a line that is shown in parts is cut in no secret: %s", (secret) => {
  // Where a part may end: behind what is too long, and where that was noticed.
  const shown = [65_538, 66_002].flatMap((end) =>
    Array.from({ length: secret.length + 4 }, (_none, before) => {
      const { texts, output } = printed();
      const text = `${"word ".repeat(13_300).slice(0, end - before)}${secret}${"word ".repeat(1000)}\n`;
      for (const piece of text.match(/[^]{1,1000}/g) ?? []) output.push(Buffer.from(piece));
      output.end();
      return texts.join("");
    }),
  );
  expect(shown.filter((text) => /inter|night/.test(text))).toEqual([]);
  expect(new Set(shown.map((text) => text.includes(MASK)))).toEqual(new Set([true]));
});

test("a line of one word is shown whole, in parts", () => {
  const { texts, output } = printed();
  const word = "abcdefgh".repeat(30_000);
  output.push(Buffer.from(word));
  output.end();
  expect([texts.length > 2, texts.join("")]).toEqual([true, word]);
});
