import fc from "fast-check";
import { deflateSync, gzipSync } from "node:zlib";
import { MASK, Masking } from "../../../lib/masking";
import { draws } from "../../support/draws";
import { growth, LINEAR } from "../../support/growth";

const bytesOf = (text: string) => [...Buffer.from(text)];
const base64 = (text: string) => Buffer.from(text).toString("base64");
const base16 = (text: string) => bytesOf(text).map((byte) => byte.toString(16).padStart(2, "0"));
const between = (text: string, sign: string) => [...text].join(sign);

/** How a text is carried so that whoever reads it has it, and no letter stands beside the next. */
const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  "base64 of base64": (text) => base64(base64(text)),
  "base64 in JSON in base64": (text) => base64(JSON.stringify({ data: base64(`user:${text}`) })),
  "base64 of UTF-16": (text) => Buffer.from(text, "utf16le").toString("base64"),
  "base64 of UTF-16 from the other end": (text) => Buffer.from(text, "utf16le").swap16().toString("base64"),
  "base64 of what gzip packed": (text) => gzipSync(JSON.stringify({ data: text })).toString("base64"),
  "base64 of what zlib packed": (text) => deflateSync(text).toString("base64url"),
  "base64 behind a path": (text) => `a/${base64(`k:${text}`)}`,
  "base16 with colons": (text) => base16(text).join(":"),
  "base16 with spaces": (text) => base16(text).join(" "),
  "base16 of UTF-16": (text) => Buffer.from(text, "utf16le").toString("hex"),
  "bytes of C": (text) =>
    `{${base16(text)
      .map((byte) => `0x${byte}`)
      .join(", ")}}`,
  "bytes of Go": (text) => `[${bytesOf(text).join(" ")}]`,
  "bytes of Node.js": (text) => `[${bytesOf(text).join(",")}]`,
  "escapes of a shell": (text) =>
    base16(text)
      .map((byte) => `\\x${byte}`)
      .join(""),
  "escapes in base 8": (text) =>
    bytesOf(text)
      .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
      .join(""),
  "escapes of JSON": (text) =>
    base16(text)
      .map((byte) => `\\u00${byte}`)
      .join(""),
  "escapes of an address": (text) =>
    base16(text)
      .map((byte) => `%${byte}`)
      .join(""),
  "escapes of HTML": (text) =>
    bytesOf(text)
      .map((byte) => `&#${byte};`)
      .join(""),
  "escapes of XML": (text) =>
    base16(text)
      .map((byte) => `&#x${byte};`)
      .join(""),
};

/** What stands between letters and is not seen, or breaks a line. */
const BETWEEN: Readonly<Record<string, (text: string) => string>> = {
  "colours of a terminal": (text) => between(text, "\x1b[31m"),
  "titles of a terminal": (text) => between(text, "\x1b]0;x\x07"),
  zeros: (text) => between(text, "\0"),
  "spaces without a width": (text) => between(text, "\u200b"),
  "soft hyphens": (text) => between(text, "\u00ad"),
  "turns of the direction": (text) => between(text, "\u202e"),
  "a break": (text) => `${text.slice(0, 5)}\n${text.slice(5)}`,
  "a break and an indentation": (text) => `${text.slice(0, 5)}\r\n      ${text.slice(5)}`,
  "a break behind a backslash": (text) => `${text.slice(0, 5)}\\\n${text.slice(5)}`,
  "a break in a frame of Terraform's": (text) => `${text.slice(0, 5)}\n│ ${text.slice(5)}`,
  "a break in a text of JSON": (text) => `${text.slice(0, 5)}\\n${text.slice(5)}`,
  "lines of base64": (text) => (base64(`${"x".repeat(45)}${text}${"y".repeat(80)}`).match(/.{1,76}/g) ?? []).join("\n"),
};

/** Words as people draw passwords, whose letters no sentence around them has. */
const drawnSecret = fc.string({ unit: fc.constantFrom(..."GJKMPQVWXYZ3456789-_!+/"), minLength: 10, maxLength: 40 });
/** What ends with a word of a password and has a space behind it (`-4PW6 here`) is read as an option, whose value is hidden with it. */
const hidden = (secret: string, text: string) => new Masking([secret]).text(`could not use ${text}; here`);

const CARRIED = Object.entries({ ...ENCODINGS, ...BETWEEN });

test.each(CARRIED)("a known secret is hidden whole in %s", (_how, carry) => {
  fc.assert(
    fc.property(drawnSecret, (secret) => {
      const shown = hidden(secret, carry(secret));
      expect(shown).toContain(MASK);
      expect(shown.replace(MASK, "").replaceAll(/\x1b\S{0,5}m|[^a-zA-Z0-9]/g, "")).toMatch(/^couldnotusea?here$/);
    }),
    { numRuns: draws(50) },
  );
});

test("so it is where one of these stands in another", () => {
  const encodings = fc.constantFrom(...Object.values(ENCODINGS));
  fc.assert(
    fc.property(
      drawnSecret,
      fc.constantFrom(...CARRIED.map(([, carry]) => carry)),
      encodings,
      (secret, inner, outer) => {
        const carried = inner(secret);
        // An escape is of a letter, for some languages, and of a byte for others.
        fc.pre(!/[^\x00-\x7f]/.test(carried));
        expect(hidden(secret, outer(carried))).toMatch(new RegExp(`^could not use \\S{0,8}${MASK}\\S{0,8} here$`));
      },
    ),
    { numRuns: draws(500) },
  );
});

test.each(CARRIED)("so it is where its first letters are those of what is packed, in %s", (_how, carry) => {
  // By RFC 1950 these two bytes begin what zlib packed: 0x58 0x47.
  expect(hidden("XGZ4GGGGGGG", carry("XGZ4GGGGGGG"))).toContain(MASK);
});

test("what is packed so tightly that nobody looks at all of it is hidden", () => {
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024)).toString("base64");
  expect(hidden("Zebra-Quilt-77", bomb)).toBe(`could not use ${MASK}; here`);
});

test.each([
  "uid 1000 1001 1002 1003 1004 1005 1006 1007 of /var/lib/nomad/alloc/0f9f1b9e-0000-4000-8000-2ddde4c3c3f6/secrets",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "\x1b[32mINFO\x1b[0m it works\n  and goes on\\n at 10:20:30:40:50:60:70:80",
  "H4sIAAAAAAAAAytJLS4BAAx+f9gEAAAA and eJwrSS0uAQAEXQHB",
])("what holds none stays: %j", (text) => {
  expect(new Masking(["Zebra-Quilt-77", "winter night 12"]).text(text)).toBe(text);
});

test("a value under a secret's name is hidden, also where a program colours the name", () => {
  const masking = new Masking();
  for (const line of [
    "\x1b[36mINFO\x1b[0m[0000] connecting \x1b[36mpassword\x1b[0m=hunter2hunter2 user=x",
    "DB_PASSWORD\0=hunter2hunter2",
    "DB_PASS\u200bWORD=hunter2hunter2",
    "ghp_\x1b[1mABCDEFGHIJKLMNOPQRSTUVWXYZhunter2345",
  ])
    expect(masking.text(line)).not.toContain("hunter2");
});

test("a line of a file in a parser's refusal is read as a line, though a sentence is around it", () => {
  const masking = new Masking();
  for (const line of [
    'job.hcl:3,20-21: Invalid expression; 3: password = "hunter2hunter2',
    "near db_pass =  'hunter2hunter2'",
  ])
    expect(masking.text(line)).not.toContain("hunter2");
  expect(masking.text('write name = "web"')).toBe('write name = "web"');
});

test("a key of JSON that is a known secret is hidden, and no entry is lost by it", () => {
  const masking = new Masking(["winter-night-1", "winter-night-2"]);
  const data = { meta: { "winter-night-1": "a", "winter-night-2": "b", "team/winter-night-2": "c", tier: "d" } };
  const shown = masking.json(data);
  expect(shown).toEqual({ meta: { [MASK]: "a", [`${MASK} (2)`]: "b", [`team/${MASK}`]: "c", tier: "d" } });
});

test.each([
  ["breaks", "word\n"],
  ["colours", "\x1b[3"],
  ["base16", "ab:c"],
  ["bytes", "1, 2 33"],
  ["escapes", "\\u00%4&#12"],
  ["base64", "YWJj/zzz_-A\n"],
  ["quotes", 'password = "x'],
])("in a time that grows with a text of %s", async (_what, piece) => {
  const masking = new Masking(["Zebra-Quilt-77", "winter night 12"]);
  const look = (length: number) => masking.text(piece.repeat(length / piece.length));
  expect(await growth(look, 200_000)).toBeLessThan(LINEAR);
});
