import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { Job } from "../../../lib";
import { isSecretPair, secretSpans } from "../../../lib/jobspec/host";
import { MASK, Masking } from "../../../lib/masking";
import { corpus, testWithCorpus } from "../../support/corpus";
import { HARMLESS, PLANTS, SECRET_NAMES, secrets, textsOf, type Plant } from "../../support/drawn-plants";
import { draws } from "../../support/draws";
import { growth, LINEAR } from "../../support/growth";

/** What is shown of a plant before anything else was seen of it, in each way in which something is shown. */
function shownAtOnce({ data }: Plant, secret: string): Readonly<Record<string, string>> {
  const planted = data(secret);
  return {
    json: JSON.stringify(new Masking().json(planted)),
    "JSON in a text": new Masking().text(JSON.stringify(planted)),
    "a setting": new Masking().value("settings", JSON.stringify(planted, null, 2)),
  };
}

/** What is shown of it after it was seen where it stands. */
function shownLater({ data }: Plant, secret: string): Readonly<Record<string, string>> {
  const masking = new Masking();
  const planted = data(secret);
  masking.learn(planted);
  const texts = textsOf(planted);
  return {
    "a log": masking.text(texts.map((text) => `refused: ${text} (wrong)`).join("\n")),
    "a log in JSON": masking.text(JSON.stringify({ level: "error", msg: secret })),
    "a header": masking.text(`Basic ${Buffer.from(`mail:${secret}`).toString("base64")}`),
    "an address": masking.text(`http://host/?q=${encodeURIComponent(secret)}&n=1`),
    "a change": JSON.stringify(masking.change("anything", `a ${secret} b`, "c")),
  };
}

test("of every way to keep a secret in plain nothing is seen, at once and later", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...PLANTS), secrets, (plant, secret) => {
      for (const [surface, shown] of Object.entries({ ...shownAtOnce(plant, secret), ...shownLater(plant, secret) }))
        if (shown.includes(secret)) seen.add(`${plant.where}: ${surface} shows ${secret} in ${shown}`);
    }),
    { numRuns: draws(200) },
  );
  expect([...seen].slice(0, 10)).toEqual([]);
});

// The second one is made of what could be words.
test.each(["kWxQd7-mZ42", "vhZkg-TN38"])("%s is tried in each way", (secret) => {
  const seen = PLANTS.flatMap((plant) =>
    Object.entries({ ...shownAtOnce(plant, secret), ...shownLater(plant, secret) })
      .filter(([, shown]) => shown.includes(secret))
      .map(([surface, shown]) => `${plant.where}: ${surface} shows ${shown.slice(0, 200)}`),
  );
  expect(seen).toEqual([]);
});

test("of a plain text a line of a log hides the same", () => {
  const secret = "kWxQd7-mZ42";
  const seen = PLANTS.filter(({ where }) => /^(?:a (?:script|log)|.*…)/.test(where))
    .flatMap(({ data }) => textsOf(data(secret)))
    .filter((text) => new Masking().text(text).includes(secret));
  expect(seen).toEqual([]);
});

test.each(SECRET_NAMES)("%s keeps a secret, also one that a person made up", (name) => {
  expect(isSecretPair(name, "winter-night")).toBe(true);
});

test.each(HARMLESS)("%s is none with %s", (name, value) => {
  expect(isSecretPair(name, value)).toBe(false);
  expect(new Masking().value(`Env[${name}]`, value)).toBe(value);
});

test("a key of which nobody knows what it opens is judged by what it looks like", () => {
  for (const value of ["a1b2c3d4", "kWxQd7mZ42", "hx-93jf!kd", "bcdfghjk"])
    expect(isSecretPair("FOO_KEY", value)).toBe(true);
  for (const value of ["orders", "user:42", "app/leader", "created_at", "UserCreated", "v2", "eu-west-1"])
    expect(isSecretPair("FOO_KEY", value)).toBe(false);
});

describe("what people need stays", () => {
  test("where a secret is a word that stands everywhere, or short", () => {
    const masking = new Masking();
    masking.ordinary(["mailer"]);
    masking.learn({ A_PASSWORD: "mailer", B_PASSWORD: "1", C_PASSWORD: "true", D_PASSWORD: "web", E_PASSWORD: "8080" });
    const said = {
      job: "mailer",
      count: 1,
      healthy: true,
      group: "web",
      port: 8080,
      message: "mailer: web 1 of 1, port 8080, true",
    };
    expect(masking.json(said)).toEqual(said);
    expect(masking.text(said.message)).toBe(said.message);
    expect(masking.value("Env[B_PASSWORD]", "1")).toBe(MASK);
  });

  test.each([
    "the option --token is missing",
    "set the password to something longer",
    "curl -u reads user and password; see --help",
    "allocation 3f9c1e77-aaaa-4bbb-8ccc-1234567890ab of job web failed: exit code 1",
    'group "web" › task "server" › env › LEVEL: info',
    "docker: pulling image registry.example/app:v1.2.3",
    "task failed: mysql -h db -u root app: connection refused",
    "docker login -u ops registry.example",
    "put key config/app: index moved",
    "add group web, set count 3",
  ])("%s", (line) => {
    expect(new Masking().text(line)).toBe(line);
  });
});

testWithCorpus("of 724 real jobs those are warned of that keep a password in plain, and none is stopped", () => {
  const jobs = [...corpus(), ...corpus("corpus-2.json")];
  const warned = jobs.flatMap(({ name, job }) => {
    const problems = Job.fromApi(job)
      .validate()
      .filter(({ rule }) => rule === "secret/literal");
    const stops = problems.some(({ stopsSynthesis }) => stopsSynthesis === true);
    return problems.length > 0 ? [{ name, stops, warnings: problems.length }] : [];
  });
  expect(warned.filter(({ stops }) => stops)).toEqual([]);
  // Each of them was looked at: they hold passwords, tokens and headers that are meant as examples.
  const warnings = warned.reduce((sum, { warnings: more }) => sum + more, 0);
  const written = readFileSync(join(__dirname, "../../../docs/secrets.md"), "utf8").replaceAll("\n", " ");
  expect(written).toContain(
    `Of ${jobs.length} real jobs (Nomad's own examples and those of public repositories) ${warned.length} are warned of, in ${warnings} places`,
  );
});

test.each([
  ["auth=", "=", "x"],
  ["--token ", "!", "x"],
  ['["a\\n', " --token=ab12cd34", '"]'],
  ["", '["password","winter99"],', "0"],
])(
  "a text that begins with %j and goes on with many %j is read in time that grows with its length",
  async (...parts) => {
    const [before, unit, after] = parts;
    const text = (length: number) => `${before}${unit.repeat(length / unit.length)}${after}`;
    for (const kind of ["document", "prose"] as const)
      expect(await growth((length) => secretSpans(text(length), kind), 100_000)).toBeLessThan(LINEAR);
  },
);

// A pattern that repeats a choice comes to the end of the engine's stack with 8.5 million characters, arguments of a call with 130,000.
test.each([
  [9_000_000, "a", ""],
  [9_000_000, "1", ""],
  [9_000_000, " ", ""],
  [9_000_000, "\n", ""],
  [9_000_000, "=", "auth="],
  [9_000_000, "!", "--token "],
  [200_000, " --token=ab12cd34", '"a\\n'],
])("%d times %j come to no end of the engine's stack", (times, unit, before) => {
  const text = `${before}${unit.repeat(times)}"x`;
  expect(() => secretSpans(text)).not.toThrow();
});

test.each([
  "password {\n",
  "password:\n value: x\n",
  '"a\\n',
  '{"a":',
  "name: a\nvalue: b\n",
  "mysql a b ",
  '["token", "a"]',
  "set a b ",
  "password = <<A\n",
  "password=a\\\n",
  "${DB_PASSWORD:-a",
  '{{ or (env "a") ',
  'keyOrDefault "a" ',
  "<a:password>",
])("a text of %j is read in time that grows with its length", async (unit) => {
  for (const kind of ["document", "prose"] as const)
    expect(await growth((length) => secretSpans(unit.repeat(length / unit.length), kind), 100_000)).toBeLessThan(
      LINEAR,
    );
});
