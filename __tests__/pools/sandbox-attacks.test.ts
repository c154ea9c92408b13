import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttackedServer, ATTACKS } from "../support/attacks";
import { bundleSandboxServer } from "../support/sandbox-server";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-sandbox-program-"));
const program = bundleSandboxServer(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const KINDS = ["bubblewrap", "user"] as const;

/** Why a kind of isolation cannot be tried here; undefined where it can. */
function whyNot(kind: (typeof KINDS)[number]): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  if (kind === "user" && !isRoot) return "only root can give every slot a user of its own";
  if (kind === "bubblewrap" && !existsSync("/usr/bin/bwrap")) return "there is no bwrap";
  return undefined;
}

test("there are at least thirty attacks, of all kinds", () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(ATTACKS.map(({ what }) => what)).size).toBe(ATTACKS.length);
});

describe.each(KINDS)("by %s", (kind) => {
  const reason = whyNot(kind);
  if (reason !== undefined) console.log(`skipped: attacks on slots by ${kind}; ${reason}`);
  const server = new AttackedServer(program);
  beforeAll(async () => {
    if (reason === undefined) await server.begin(kind);
  });
  afterAll(() => server.finish());
  const testWhere = reason === undefined ? test : test.skip;

  for (const attack of ATTACKS)
    testWhere(`${attack.on}: ${attack.what} is refused`, async () => {
      expect(await server.tried(attack)).toBeUndefined();
    });
});

const OF_ROOT = /passwords|settings|finds it|program/;

// An attack that reaches nothing anywhere would prove nothing.
describe("where nothing keeps slots apart", () => {
  const isLinux = process.platform === "linux";
  if (!isLinux) console.log("skipped: attacks without isolation; it needs Linux");
  const server = new AttackedServer(program);
  beforeAll(async () => {
    if (isLinux) await server.begin("none");
  });
  afterAll(() => server.finish());
  const testWhere = isLinux ? test : test.skip;

  for (const attack of ATTACKS.filter(
    ({ isTriedInTheOpen, what }) => isTriedInTheOpen && (isRoot || !OF_ROOT.test(what)),
  ))
    testWhere(`${attack.what} gets through`, async () => {
      expect(await server.tried(attack)).toContain("BREACH");
    });
});
