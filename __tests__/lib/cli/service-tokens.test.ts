import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureServiceToken, removeServiceTokens } from "../../../lib/cli/service-tokens";

let project: string;
let outside: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "cdk-nomad-tokens-"));
  outside = join(project, "outside");
  mkdirSync(outside);
  mkdirSync(join(project, ".cdk-nomad"));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const folder = () => join(project, ".cdk-nomad", "pool-service");

test("a link in the place of the tokens' folder leads nobody out: nothing is written behind it", () => {
  symlinkSync(outside, folder());
  const { file } = ensureServiceToken(project);
  expect(lstatSync(folder()).isDirectory()).toBe(true);
  expect(readFileSync(file, "utf8").trim()).not.toBe("");
  removeServiceTokens(project);
  expect(readdirSync(outside)).toEqual([]);
});

test.each(["token", "tokens.jsonl"])("a file that %s shares with a copy of the project stays as it is", (name) => {
  mkdirSync(folder());
  writeFileSync(join(outside, "copy"), "\n", { mode: 0o644 });
  linkSync(join(outside, "copy"), join(folder(), name));
  const first = ensureServiceToken(project);
  expect(readFileSync(join(outside, "copy"), "utf8")).toBe("\n");
  expect(lstatSync(join(outside, "copy")).mode & 0o777).toBe(0o644);
  expect(lstatSync(first.file).mode & 0o777).toBe(0o600);
  // It is known from then on.
  const token = readFileSync(first.file, "utf8");
  expect(readFileSync(ensureServiceToken(project).file, "utf8")).toBe(token);
});
