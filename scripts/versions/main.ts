/**
 * Reads which field of a job came and went with which release of Nomad, out of Nomad's own sources as Go's module proxy gives them, and writes the
 * table that the definitions are held against. Needs Go; run once for each release: `npm run versions`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Job } from "../../lib";
import { definitionOf, type Block, type BlockDefinition } from "../../lib/jobspec/engine";

/**
 * Where each release's structs stand: those of its server where the release can be had as a module. A 2.0 is no module that could be had by its name (its
 * path has no /v2), so its fields are those of the module of its API, against the same module of the last release before.
 */
const RELEASES = [
  { version: "1.8", module: "github.com/hashicorp/nomad@v1.8.0", folder: "nomad/structs" },
  { version: "1.9", module: "github.com/hashicorp/nomad@v1.9.0", folder: "nomad/structs" },
  { version: "1.10", module: "github.com/hashicorp/nomad@v1.10.0", folder: "nomad/structs" },
  { version: "1.11", module: "github.com/hashicorp/nomad@v1.11.3", folder: "nomad/structs" },
] as const;
const APIS = [
  { version: "1.11", module: "github.com/hashicorp/nomad/api@v0.0.0-20251111223019-f626dee323f3", folder: "." },
  { version: "2.0", module: "github.com/hashicorp/nomad/api@v0.0.0-20260907080526-08ef8f3d26da", folder: "." },
] as const;

type Structs = ReadonlyMap<string, ReadonlySet<string>>;

/** What a server says of fields that it keeps and does nothing with. */
const IGNORED = /"(\w+) is deprecated and ignored/g;

/** The fields of all structs of a package, by the name of the struct, in lower case: those that count. */
function structsOf(folder: string): Structs {
  const structs = new Map<string, Set<string>>();
  const ignored = new Set<string>();
  for (const file of readdirSync(folder)) {
    if (!file.endsWith(".go") || file.endsWith("_test.go")) continue;
    const source = readFileSync(join(folder, file), "utf8");
    for (const [, field = ""] of source.matchAll(IGNORED)) ignored.add(field.toLowerCase());
    for (const [, name = "", body = ""] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
      const fields = structs.get(name.toLowerCase()) ?? new Set<string>();
      for (const [, names = ""] of body.matchAll(/^\t(\w+(?:, \w+)*) +\S/gm))
        for (const field of names.split(", ")) fields.add(field.toLowerCase());
      structs.set(name.toLowerCase(), fields);
    }
  }
  for (const field of ignored) structs.get("taskgroup")?.delete(field);
  return structs;
}

function download(module: string): string {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-versions-"));
  try {
    execFileSync("go", ["mod", "init", "versions"], { cwd: folder, stdio: "ignore" });
    // Only its text is read, and not every commit of the API is in the database of checksums.
    const env = { ...process.env, GONOSUMDB: "github.com/hashicorp/nomad/api" };
    const said = execFileSync("go", ["mod", "download", "-json", module], { cwd: folder, encoding: "utf8", env });
    return (JSON.parse(said) as { Dir: string }).Dir;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every kind of block that a job is made of. */
function blocksOf(definition: BlockDefinition, found = new Map<string, BlockDefinition>()): typeof found {
  if (found.has(definition.api)) return found;
  found.set(definition.api, definition);
  for (const { field } of definition.list) if (field.of) blocksOf(definitionOf(field.of() as new () => Block), found);
  return found;
}

/** The first release of a list that has a field of a block which the one before it had already; nothing where the first one has it. */
function firstWith(releases: readonly Release[], block: string, field: string): string | undefined {
  const struct = block.toLowerCase();
  const at = releases.findIndex(({ structs }) => structs.get(struct)?.has(field.toLowerCase()));
  return at > 0 && releases[at - 1]?.structs.has(struct) ? releases[at]?.version : undefined;
}

/** The first release of a list that has a field of a block no more, and the block still; nothing where the last one has both, or never had it. */
function firstWithout(releases: readonly Release[], block: string, field: string): string | undefined {
  const struct = block.toLowerCase();
  const has = ({ structs }: Release) => structs.get(struct)?.has(field.toLowerCase()) ?? false;
  const last = releases.findLastIndex(has);
  return last >= 0 && releases[last + 1]?.structs.has(struct) ? releases[last + 1]?.version : undefined;
}

interface Release {
  readonly version: string;
  readonly structs: Structs;
}

const load = (sources: typeof RELEASES | typeof APIS): readonly Release[] =>
  sources.map(({ version, module, folder }) => ({ version, structs: structsOf(join(download(module), folder)) }));
const [servers, apis] = [load(RELEASES), load(APIS)];
const since: Record<string, string> = {};
const until: Record<string, string> = {};
for (const { api, list } of [...blocksOf(definitionOf(Job)).values()].sort((a, b) => (a.api < b.api ? -1 : 1)))
  for (const { field } of list)
    for (const key of field.api) {
      const version = firstWith(servers, api, key) ?? firstWith(apis, api, key);
      if (version !== undefined) since[`${api}.${key}`] = version;
      const end = firstWithout(servers, api, key) ?? firstWithout(apis, api, key);
      if (end !== undefined) until[`${api}.${key}`] = end;
    }
writeFileSync(
  join(__dirname, "fields.json"),
  `${JSON.stringify({ sources: [...RELEASES, ...APIS], since, until }, null, 2)}\n`,
);
