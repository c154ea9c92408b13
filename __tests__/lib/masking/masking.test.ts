import fc from "fast-check";
import { MASK, Masking } from "../../../lib/masking";
import { draws } from "../../support/draws";
import { growth, LINEAR } from "../../support/growth";

describe("a value is hidden", () => {
  test.each([
    ["Env[SMTP_PASS]", "winter-1"],
    ["Meta[db-password]", "winter-1"],
    ["Env[PIN]", "4711"],
    ["PGPASSWORD", "1"],
    ["Authorization", "Bearer x"],
  ])("under the name %s", (name, value) => {
    expect(new Masking().value(name, value)).toBe(MASK);
  });

  test("in part, where only a part of it is secret", () => {
    const masking = new Masking();
    expect(masking.value("Env[URL]", "postgres://mail:winter@db/x")).toBe(`postgres://mail:${MASK}@db/x`);
    expect(masking.value("EmbeddedTmpl", "LEVEL=info\nDB_PASS=winter\n")).toBe(`LEVEL=info\nDB_PASS=${MASK}\n`);
    expect(masking.value("settings", '{"level":1,"password":"winter"}')).toBe(`{"level":1,"password":"${MASK}"}`);
  });

  test("wherever it stands later, as it is, escaped, in an address and in base64", () => {
    const masking = new Masking();
    const value = 'win"ter/1 9';
    masking.learn({ env: { DB_PASSWORD: value } });
    const encoded = Buffer.from(value).toString("base64").replace(/=+$/, "");
    for (const spelling of [value, JSON.stringify(value), encodeURIComponent(value), encoded])
      expect(masking.text(`could not use ${spelling} here`)).not.toMatch(/win|ter\/1|d2lu/);
  });

  test.each([
    ["a template's line", { templates: [{ data: "A=1\nDB_PASSWORD=winter-night\n" }] }],
    ["an argument", { args: ["--password=winter-night"] }],
    ["the argument behind an option", { args: ["--password", "winter-night"] }],
    ["an address", { source: "https://u:winter-night@host/x" }],
    ["JSON", { value: '{"db":{"password":"winter-night"}}' }],
    ["a list", { tokens: ["winter-night"] }],
    ["a name beside it", [{ name: "DB_PASSWORD", value: "winter-night" }]],
    ["a header", { headers: { "X-Api-Key": ["winter-night"] } }],
    ["an address that is a password as a whole", { line: "password=postgres://u:winter-night@db/x" }],
  ])("after it was seen in %s", (_place, data) => {
    const masking = new Masking();
    masking.learn(data);
    expect(masking.text("got winter-night from it")).toBe(`got ${MASK} from it`);
  });
});

test.each([
  "password=postgres://u:TMBNM.XG243@db/x",
  'echo "root:TMBNM.XG243" | chpasswd',
  "printf 'app:TMBNM.XG243' | sudo chpasswd -e",
])("a secret inside of a longer one is hidden where it stands alone, also where it looks like a name: %s", (line) => {
  const masking = new Masking();
  masking.learn({ line });
  expect(masking.text("refused: TMBNM.XG243")).toBe(`refused: ${MASK}`);
});

describe("both sides of a change", () => {
  test("are hidden where one is", () => {
    const masking = new Masking(["new-and-hidden"]);
    expect(masking.change("Env[PLAIN]", "old-and-plain", "new-and-hidden")).toEqual({ before: MASK, after: MASK });
    expect(masking.change("Env[PLAIN]", "new-and-hidden", undefined)).toEqual({ before: MASK, after: undefined });
    masking.hideAt("PIN_OF_DOOR", "1");
    expect(masking.change("Env[PIN_OF_DOOR]", "2", "1")).toEqual({ before: MASK, after: MASK });
    expect(masking.change("Env[PIN_OF_DOOR]", "${X}", "1")).toEqual({ before: "${X}", after: MASK });
  });
});

describe("what is no secret stays as it is", () => {
  test("short and common values are hidden at their own places only", () => {
    const masking = new Masking(["1", "true", "dev", "8080", "postgres", "production"]);
    masking.hideAt("REPLICAS", "1");
    const text = "1 of 1 allocations on dev, port 8080, true, postgres in production";
    expect(masking.text(text)).toBe(text);
    expect(masking.value("Env[REPLICAS]", "1")).toBe(MASK);
    expect(masking.value("Env[COUNT]", "1")).toBe("1");
  });

  test("a value of a few letters is hidden as a word, and not in the middle of one", () => {
    const masking = new Masking(["xylo"]);
    expect(masking.text("xylophone, xylo, a.xylo:1")).toBe(`xylophone, ${MASK}, a.${MASK}:1`);
  });

  test("names of jobs and groups are shown, also where somebody took one for a password", () => {
    const masking = new Masking();
    masking.ordinary(["mailer-service"]);
    masking.learn({ DB_PASSWORD: "mailer-service" });
    expect(masking.text("mailer-service is healthy")).toBe("mailer-service is healthy");
    expect(masking.value("Env[DB_PASSWORD]", "mailer-service")).toBe(MASK);
  });
});

test("JSON keeps its shape, its keys and its numbers", () => {
  const masking = new Masking(["winter-night"]);
  const data = {
    job: "web",
    count: 3,
    healthy: true,
    none: null,
    list: ["a winter-night b"],
    env: { DB_PASSWORD: "x" },
  };
  expect(masking.json(data)).toEqual({ ...data, list: [`a ${MASK} b`], env: { DB_PASSWORD: MASK } });
});

/** How servers, programs and languages write a text, each by what writes it. */
const SPELLINGS: Readonly<Record<string, (text: string) => string>> = {
  "JSON in JSON": (text) => JSON.stringify(JSON.stringify({ a: text })),
  "JSON of Python": (text) =>
    JSON.stringify(text).replaceAll(
      /[^\x00-\x7f]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  "an address": (text) => `http://x/${encodeURIComponent(text)}`,
  "an address in small letters": (text) =>
    encodeURIComponent(text).replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  "a whole address": (text) => encodeURI(text),
  "a form": (text) => String(new URLSearchParams({ a: text })),
  "before the host of an address": (text) => {
    const url = new URL("http://host");
    url.password = text;
    return url.href;
  },
  base64: (text) => Buffer.from(`mail:${text}`).toString("base64"),
  "base64 of tokens and addresses": (text) => Buffer.from(`ab:${text}:c`).toString("base64url"),
  hex: (text) => Buffer.from(text).toString("hex"),
  "hex in capitals": (text) => Buffer.from(text).toString("hex").toUpperCase(),
  HTML: (text) =>
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;"),
  "HTML of Go": (text) =>
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&#34;")
      .replaceAll("'", "&#39;"),
  HCL: (text) => JSON.stringify(text).replaceAll(/([$%])\{/g, (opening, sign: string) => sign + opening),
  YAML: (text) => `'${text.replaceAll("'", "''")}'`,
  "a shell": (text) => `'${text.replaceAll("'", "'\\''")}'`,
  "a shell of Python": (text) => `'${text.replaceAll("'", `'"'"'`)}'`,
  "double quotes of a shell": (text) => `"${text.replaceAll(/["\\$`]/g, "\\$&")}"`,
  "a template of JavaScript": (text) => `\`${text.replaceAll(/[\\`]|\$(?=\{)/g, "\\$&")}\``,
  "a workflow command": (text) => text.replaceAll("%", "%25"),
};

/** Letters that no mask, name or escape is made of, with every sign that one of the languages writes otherwise. */
const drawnSecret = fc
  .string({ unit: fc.constantFrom(..."GJKMPQVWXYZ", ..."+/\"'<>&=?~!()*$%{}\\`@:;,#é"), minLength: 12, maxLength: 40 })
  .filter((text) => /\w{2}/.test(text) && !/^[\s=]|[\s=]$/.test(text));

test.each(Object.entries(SPELLINGS))("a known secret is hidden as it is written in %s", (_language, spell) => {
  fc.assert(
    fc.property(drawnSecret, (secret) => {
      const masking = new Masking([secret]);
      const hidden = masking.text(`could not use ${spell(secret)} here`);
      expect(hidden).toContain(MASK);
      // Of base64 the letters that are shared with what is around it stay.
      for (const piece of spell(secret).match(/[GJKMPQVWXYZ]{4,}/g) ?? []) expect(hidden).not.toContain(piece);
    }),
    { numRuns: draws(200) },
  );
});

describe("the beginning of a secret is hidden where a text is cut in it", () => {
  test("whatever stands before and after, however much of it is left", () => {
    fc.assert(
      fc.property(drawnSecret, fc.nat(), fc.string(), fc.string(), (secret, seed, before, after) => {
        fc.pre(!before.includes("…"));
        const begun = secret.slice(0, 8 + (seed % (secret.length - 8)));
        expect(new Masking([secret]).text(`${before}${begun}…${after}`)).not.toContain(begun);
      }),
      { numRuns: draws(500) },
    );
  });

  test("a few letters of it only where a word begins, and none in the middle of a text that goes on", () => {
    const masking = new Masking(["Zebra-Quilt-77", `${"long".repeat(100)}-1`]);
    expect(masking.text("refused: Zebr…")).toBe(`refused: ${MASK}…`);
    expect(masking.text("theZebr… Zebra-Quilt")).toBe("theZebr… Zebra-Quilt");
    expect(masking.text(`${"long".repeat(99)}…`)).toBe(`${MASK}…`);
  });

  test("in a time that grows with the text, also where it is cut everywhere", async () => {
    const masking = new Masking(Array.from({ length: 500 }, (_none, at) => `${"a".repeat(200)}${at}`));
    const look = (length: number) => masking.text(`${"a".repeat(50)}b…`.repeat(length / 52));
    expect(await growth(look, 200_000)).toBeLessThan(LINEAR);
  });
});

test("nothing of a drawn secret is left in a drawn text around it", () => {
  const chars = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_!%&/";
  const secret = fc
    .string({ unit: fc.constantFrom(...chars), minLength: 8, maxLength: 40 })
    .filter((text) => /\d/.test(text));
  fc.assert(
    fc.property(secret, fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (value, before, after) => {
      fc.pre(!before.includes(value) && !after.includes(value));
      const masking = new Masking([value]);
      expect(masking.text(`${before}${value}${after}`)).not.toContain(value);
      expect(JSON.stringify(masking.json({ a: [`${before}${value}`] }))).not.toContain(
        JSON.stringify(value).slice(1, -1),
      );
    }),
    { numRuns: draws(100) },
  );
});
