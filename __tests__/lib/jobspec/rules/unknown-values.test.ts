import { RULE_EXAMPLES, targetOf } from "../../../../examples/rules";
import { Cpu, Driver, Duration, Job, Memory, RULES, type Block, type RuleId, type Target } from "../../../../lib";
import { pathKey } from "../../../../lib/errors";
import { eachProperty, replaceValues } from "../../../../lib/jobspec/engine/block";
import { Block as AnyBlock } from "../../../../lib/jobspec/engine";
import { corpus, testWithCorpus } from "../../../support/corpus";
import { draws } from "../../../support/draws";

const LATER = { resolve: () => undefined };
const NUMBER = -1.8881545897087827e289;

/** The tokens that may stand in the place of a value, in each of their shapes. */
function tokensFor(value: unknown): readonly unknown[] {
  if (typeof value === "string") return ["${TfToken[TOKEN.7]}", LATER];
  if (typeof value === "number") return [NUMBER, LATER];
  if (typeof value === "boolean") return [LATER];
  if (value instanceof Duration) return [Duration.seconds(NUMBER)];
  if (value instanceof Memory) return [Memory.gibibytes(LATER)];
  if (value instanceof Cpu) return [Cpu.mhz(NUMBER), Cpu.cores(LATER)];
  // An empty list may be one of blocks, which have to be known.
  if (Array.isArray(value) && value.length === 0) return [];
  if (Array.isArray(value)) return [["#{TfToken[TOKEN.7]}"], LATER, value.map(() => LATER)];
  if (value instanceof AnyBlock || value instanceof Driver || typeof value !== "object" || value === null) return [];
  const elements = Object.fromEntries(Object.keys(value).map((key) => [key, LATER]));
  return [{ "&{TfToken[TOKEN.7]}": "String Map Token Value" }, LATER, elements];
}

/** How many values a block has, with those of the blocks inside it. */
function sizeOf(block: Block): number {
  let size = 0;
  eachProperty(block, (_name, value) => {
    if (value instanceof AnyBlock) size += sizeOf(value);
    else if (isList(value)) size += value.reduce((sum, item) => sum + sizeOf(item), 0);
    else size += 1;
  });
  return size;
}

function isList(value: unknown): value is readonly Block[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => item instanceof AnyBlock);
}

/** The block with another value in the place of one of them. */
function withValueAt<T extends Block>(block: T, wanted: number, replace: (value: unknown) => unknown): T {
  let at = 0;
  const visit = <B extends Block>(each: B): B =>
    replaceValues(each, (_field, value) => {
      if (value instanceof AnyBlock) return visit(value);
      if (isList(value)) return value.map(visit);
      return at++ === wanted ? replace(value) : value;
    });
  return visit(block);
}

testWithCorpus(
  "nothing is said of a real job for a value that is known only at deploy time",
  () => {
    const wrong: unknown[] = [];
    let judged = 0;
    for (const [index, { job: json, name }] of corpus("corpus-2.json").entries()) {
      if (index % EVERY !== 0) continue;
      const { job } = Job.read(json);
      if (!job) continue;
      const meant = new Set(job.validate().map(({ rule, severity }) => `${severity} ${rule}`));
      for (let at = 0; at < sizeOf(job); at += 1) {
        let tokens: readonly unknown[] = [];
        withValueAt(job, at, (value) => {
          tokens = tokensFor(value);
          return value;
        });
        // Each value once, and over all jobs in every shape.
        for (const token of tokens.slice((at + index) % Math.max(1, tokens.length)).slice(0, 1)) {
          judged += 1;
          for (const { rule, path, message, severity } of withValueAt(job, at, () => token).validate())
            if (!meant.has(`${severity} ${rule}`)) wrong.push([name, at, rule, path, message]);
        }
      }
    }
    expect(judged).toBeGreaterThan(300);
    expect(wrong).toEqual([]);
  },
  120_000,
);

/** One of so many jobs of the corpus. */
const EVERY = Math.max(1, Math.round(60 / draws(1)));

test("what is wrong whatever comes of an unknown value is said", () => {
  const task = { name: "t", driver: Driver.docker({ image: "${TfToken[TOKEN.1]}" }), env: { A: LATER } };
  const wrong = new Job({
    id: LATER,
    priority: LATER,
    update: { minHealthyTime: Duration.minutes(9), healthyDeadline: Duration.minutes(1), autoPromote: LATER },
    groups: [{ name: "g", count: NUMBER, tasks: [task, task] }],
  });
  expect(wrong.validate().map(({ rule }) => rule)).toEqual(["task/duplicate", "update/deadlines"]);
});

test("a name that is not among the known ones may be the one that only Terraform knows", () => {
  const job = (label: unknown) =>
    new Job({
      id: "web",
      groups: [
        {
          name: "g",
          networks: [{ ports: [{ label }] }],
          tasks: [
            {
              name: "t",
              driver: Driver.docker({ image: "web:1" }),
              services: [{ name: "web", provider: "nomad", port: "http" }],
            },
          ],
        },
      ],
    } as never);
  expect(job("https").validate()).toEqual([expect.objectContaining({ rule: "service/port-unknown" })]);
  for (const label of ["${TfToken[TOKEN.1]}", LATER]) expect(job(label).validate()).toEqual([]);
});

/** Problems by their rule and their place; those of a job that nobody can make are none. */
function keysOf(make: () => Job, target: Target): ReadonlySet<string> {
  return new Set(
    make()
      .validate(target)
      .map(({ rule, path }) => `${rule} ${pathKey(path)}`),
  );
}

/** Every text that an unknown one may turn out to be for the rules: those of the job, what is said of them, and parts of both. */
function textsAround(job: Job, target: Target): readonly string[] {
  const own: unknown[] = [];
  for (let at = 0; at < sizeOf(job); at += 1) withValueAt(job, at, (value) => (own.push(value), value));
  const quoted = job.validate(target).flatMap(({ message }) => [...message.matchAll(/"([^"]{0,200})"/g)]);
  const texts = [...own.flat().filter((value) => typeof value === "string"), ...quoted.map(([, text = ""]) => text)];
  return [...new Set(texts.flatMap((text) => [text, text.slice(text.indexOf(":") + 1)]))];
}

/** Puts the same text in the place of a text, or of all elements of a list of texts. */
const filled = (value: unknown, text: unknown) => (Array.isArray(value) ? value.map(() => text) : text);
const isTextual = (value: unknown) =>
  typeof value === "string" ||
  (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string"));

test("what is said of a rule's example with an unknown text holds for whatever text that turns out to be", () => {
  const wrong: unknown[] = [];
  let judged = 0;
  for (const rule of Object.keys(RULES) as RuleId[]) {
    const { fails: job } = RULE_EXAMPLES[rule];
    const target = targetOf(rule);
    // A text that is unknown is itself what this rule is about.
    if (!(job instanceof Job) || rule === "pool/token") continue;
    const texts = textsAround(job, target);
    for (let at = 0; at < sizeOf(job); at += 1) {
      let original: unknown;
      withValueAt(job, at, (value) => (original = value));
      if (!isTextual(original)) continue;
      const put = (text: unknown) => () => withValueAt(job, at, (value) => filled(value, text));
      const said = [...keysOf(put(LATER), target)];
      if (said.length === 0) continue;
      judged += 1;
      for (const text of texts) {
        const really = keysOf(put(text), target);
        for (const key of said) if (!really.has(key)) wrong.push([rule, at, original, text, key]);
      }
    }
  }
  expect(judged).toBeGreaterThan(300);
  expect(wrong).toEqual([]);
}, 60_000);
