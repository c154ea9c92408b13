import { MASK, Masking } from "../../../lib/masking";
import { LogLines, TOO_LONG } from "../../../lib/page/log/lines";

/** Takes texts one after another, as frames of one file. */
function told(texts: readonly (string | Uint8Array)[], beginsInLine = false) {
  const lines = new LogLines(new Masking(), beginsInLine);
  let offset = 0;
  const pieces = texts.map((text) => {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    offset += bytes.length;
    return lines.push(bytes, { file: 0, offset });
  });
  return { lines, pieces };
}

test("lines are told once they are whole, with the place behind them", () => {
  const { lines, pieces } = told(["one\ntw", "o\nthree"]);
  expect(pieces).toEqual(["one\n", "two\n"]);
  expect(lines.position).toEqual({ file: 0, offset: 8 });
  expect(lines.end()).toBe("three");
});

test("a secret, or a character, that is cut where a frame ends is whole in its line", () => {
  const text = Buffer.from("DB_PASSWORD=winter-night grüße\n");
  for (let cut = 1; cut < text.length; cut += 1)
    expect(told([text.subarray(0, cut), text.subarray(cut)]).pieces.join("")).toBe(`DB_PASSWORD=${MASK} grüße\n`);
});

test("what begins in the middle of a line is told from the next one on", () => {
  expect(told(["er-night\nrea", "dy\n"], true).pieces.join("")).toBe("ready\n");
  expect(told(["er-", "night", "\nready\n"], true).pieces.join("")).toBe("ready\n");
});

test("a line that never ends fills no memory, and is not shown in part", () => {
  const { lines, pieces } = told([
    ..."x"
      .repeat(40)
      .split("")
      .map(() => "y".repeat(8192)),
    "\nnext\n",
  ]);
  expect(pieces.filter((each) => each !== "")).toEqual([TOO_LONG, "next\n"]);
  expect(lines.end()).toBe("");
});

test("a private key in many frames is hidden whole, and what comes behind it is not", () => {
  const body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";
  const { pieces, lines } = told([
    `ready\n-----BEGIN ${"PRIVATE"} KEY-----\n`,
    body,
    body,
    `-----END ${"PRIVATE"} KEY-----\nlistening\n`,
  ]);
  expect(pieces).toEqual(["ready\n", "", "", `${MASK}\nlistening\n`]);
  expect(lines.end()).toBe("");
});

test("the beginning of a key that never ends keeps nothing back for good", () => {
  const { lines, pieces } = told([`-----BEGIN ${"PRIVATE"} KEY-----\nAbC=\n`]);
  expect(pieces).toEqual([""]);
  expect(Array.from({ length: 5 }, () => lines.idle()).join("")).toBe(MASK);
});

test("a question without an end is told as it stands, and again only once it is another", () => {
  const { lines } = told(["ready\nGo on? "]);
  expect([lines.open(), lines.open()]).toEqual(["Go on? ", undefined]);
  lines.push(Buffer.from("[y/n]"), { file: 0, offset: 18 });
  expect(lines.open()).toBe("Go on? [y/n]");
});
