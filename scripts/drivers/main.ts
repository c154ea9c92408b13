/**
 * Reads which options each driver takes, out of the schemas that the drivers give to Nomad, as Go's module proxy has their sources, and writes
 * the table that the definitions are held against: names and kinds alone. Needs Go; run once for each release: `npm run drivers`. What cannot be had
 * stays as it was read before.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaIn, type Options } from "./schema";

const NOMAD = "github.com/hashicorp/nomad@v1.11.3";
const SOURCES: Readonly<Record<string, { readonly module: string; readonly file: string }>> = {
  docker: { module: NOMAD, file: "drivers/docker/config.go" },
  exec: { module: NOMAD, file: "drivers/exec/driver.go" },
  raw_exec: { module: NOMAD, file: "drivers/rawexec/driver.go" },
  java: { module: NOMAD, file: "drivers/java/driver.go" },
  qemu: { module: NOMAD, file: "drivers/qemu/driver.go" },
  podman: { module: "github.com/hashicorp/nomad-driver-podman@v0.6.3", file: "config.go" },
};
const TABLE = join(__dirname, "options.json");

interface Table {
  readonly sources: typeof SOURCES;
  readonly options: Readonly<Record<string, Options>>;
}

function download(module: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-drivers-"));
  try {
    execFileSync("go", ["mod", "init", "drivers"], { cwd: folder, stdio: "ignore" });
    const said = execFileSync("go", ["mod", "download", "-json", module], { cwd: folder, encoding: "utf8" });
    return (JSON.parse(said) as { Dir: string }).Dir;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const before = JSON.parse(readFileSync(TABLE, "utf8")) as Table;
const options = Object.fromEntries(
  Object.entries(SOURCES).map(([driver, { module, file }]) => {
    const folder = download(module);
    if (folder !== undefined) return [driver, schemaIn(readFileSync(join(folder, file), "utf8"))];
    console.log(`${module} cannot be had: the options of ${driver} stay as they are`);
    return [driver, before.options[driver] ?? {}];
  }),
);
writeFileSync(TABLE, `${JSON.stringify({ sources: SOURCES, options } satisfies Table, null, 2)}\n`);
