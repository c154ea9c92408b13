/**
 * Builds the images that the jobs of this repository name, for the Docker of this machine: from images/, with the programs of this machine inside, so
 * that no registry is asked. Whoever wants those of a registry below them writes --from-registry.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { formatProblem, UserError } from "../../lib";
import { baseName, IMAGES, tagged, type Image } from "./catalog";
import {
  bundledRootfs,
  healthProtocol,
  nodeRootfs,
  packageRootfs,
  programRootfs,
  sandboxRootfs,
  shellRootfs,
} from "./rootfs";

const ROOT = join(__dirname, "../..");

interface Options {
  readonly fromRegistry?: boolean;
}

function main(): void {
  const program = new Command("images")
    .description("Builds the images that the jobs name, for the Docker of this machine (DOCKER_HOST says which).")
    .argument("[names...]", "those to build, with what is below them; all where none is named")
    .option("--from-registry", "take Node.js and the shell from images of a registry, not from this machine")
    .addHelpText(
      "after",
      "\nExamples:\n  npm run images\n  npm run images -- hermes-sandbox cdk-nomad-service\n  PRISM_BIN_DIR=/path/to/binaries npm run images\n",
    )
    .parse();
  const options = program.opts<Options>();
  if (process.platform !== "linux" && !options.fromRegistry)
    throw UserError.at(
      "--from-registry",
      `the programs of ${process.platform} run in no Linux container; write npm run images -- --from-registry`,
    );
  for (const image of wanted(program.args)) console.log(`✓ ${tagged(image.name, image.tag)}${build(image, options)}`);
  console.log("\nnpm start runs dev's jobs in containers now, where its settings say auto");
}

/** The images of some names, each after the one below it. @throws UserError where there is none of a name */
function wanted(names: readonly string[]): readonly Image[] {
  const known = new Map(IMAGES.map((image) => [image.name, image]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw UserError.at(unknown.join(", "), `no image of that name; write some of ${[...known.keys()].join(", ")}`);
  const bases = names.flatMap((name) => known.get(name)?.base ?? []).map(baseName);
  return names.length === 0 ? IMAGES : IMAGES.filter(({ name }) => names.includes(name) || bases.includes(name));
}

/** Builds one. @returns what is inside, in words */
function build(image: Image, { fromRegistry = false }: Options): string {
  const context = mkdtempSync(join(tmpdir(), "cdk-nomad-image-"));
  try {
    const registry = join(ROOT, "images", image.recipe, "Dockerfile.registry");
    const own = fromRegistry && existsSync(registry) ? registry : join(ROOT, "images", image.recipe, "Dockerfile");
    copyFileSync(own, join(context, "Dockerfile"));
    const rootfs = join(context, "rootfs");
    mkdirSync(rootfs);
    const inside = fill(image, rootfs, fromRegistry);
    const base = image.base === undefined ? [] : ["--build-arg", `BASE=${tagged(baseName(image.base))}`];
    docker(["build", "--quiet", "--tag", tagged(image.name, image.tag), ...base, context]);
    return inside;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function fill({ recipe, program }: Image, rootfs: string, fromRegistry: boolean): string {
  if (program) {
    const file = join(process.env.PRISM_BIN_DIR ?? "", program.name);
    if (process.env.PRISM_BIN_DIR && existsSync(file)) {
      programRootfs(rootfs, file, program.name);
      return `, with ${file}`;
    }
    bundledRootfs(rootfs, join(ROOT, program.source), program.name);
    if (program.source === "lib/cli/main.ts") {
      packageRootfs(rootfs, ROOT);
      return ", with the command line";
    }
    if (program.real) {
      if (!fromRegistry) sandboxRootfs(rootfs);
      return ", with the sandbox server";
    }
    healthProtocol(rootfs);
    return ", with the stand-in";
  }
  if (fromRegistry) return "";
  if (recipe === "shell") shellRootfs(rootfs);
  if (recipe === "node") nodeRootfs(rootfs);
  return "";
}

/** Runs Docker; its builder of old where the new one is not installed. */
function docker(args: readonly string[]): void {
  const env = { ...process.env, DOCKER_BUILDKIT: hasBuildx() ? "1" : "0" };
  try {
    execFileSync("docker", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { code, stderr } = error as { readonly code?: string; readonly stderr?: string };
    if (code === "ENOENT") throw UserError.at("docker", "is not on PATH; install Docker, and start it");
    throw UserError.at(`docker ${args[0]}`, (stderr ?? String(error)).trim());
  }
}

function hasBuildx(): boolean {
  try {
    execFileSync("docker", ["buildx", "version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  for (const problem of error.problems) console.error(`✗ ${formatProblem(problem)}`);
  process.exitCode = 1;
}
