import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { UserError } from "../../lib";

/** What busybox is called for in images, as far as the one here can: what start scripts, checks, people and their commands use. */
const APPLETS = (
  "sh awk base64 basename cat chmod cmp comm cp cut date dd df diff dirname du echo env expr false find fold grep gunzip gzip head hostname " +
  "id kill ln ls md5sum mkdir mktemp mv nc nl nohup nproc od paste patch pidof printf ps pwd readlink realpath rev rm rmdir sed seq setsid " +
  "sha256sum sleep sort split stat stty sync tac tail tar tee test timeout touch tr true uname uniq wc wget which xargs yes"
).split(" ");

/** Copies a program of this machine with the libraries that it is linked with, each to where it is here. */
export function copyProgram(program: string, rootfs: string, target = program): void {
  place(realpathSync(program), join(rootfs, target));
  for (const library of librariesOf(program)) place(realpathSync(library), join(rootfs, library));
}

function librariesOf(program: string): readonly string[] {
  let said: string;
  try {
    said = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // It is linked statically.
    return [];
  }
  return said.split("\n").flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** The file system of the image with a shell and the usual small programs. */
export function shellRootfs(rootfs: string): void {
  const busybox = findOnPath("busybox");
  if (!busybox)
    throw UserError.at(
      "busybox",
      "is not on PATH, and the images' shell is copied from it; install it (Debian: apt-get install busybox-static), or write --from-registry",
    );
  copyProgram(busybox, rootfs, "/bin/busybox");
  const has = new Set(execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n"));
  for (const applet of APPLETS.filter((name) => has.has(name))) symlinkSync("busybox", join(rootfs, "bin", applet));
  // Programs are started by `#!/usr/bin/env node`.
  mkdirSync(join(rootfs, "usr/bin"), { recursive: true });
  symlinkSync("../../bin/busybox", join(rootfs, "usr/bin/env"));
  for (const folder of ["tmp", "root", "etc"]) mkdirSync(join(rootfs, folder), { recursive: true });
  chmodSync(join(rootfs, "tmp"), 0o1777);
  writeFileSync(join(rootfs, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(rootfs, "etc/group"), "root:x:0:\n");
}

/** The file system of the image with Node.js, bash and a shell. */
export function nodeRootfs(rootfs: string): void {
  shellRootfs(rootfs);
  copyProgram(process.execPath, rootfs, "/usr/bin/node");
  const bash = findOnPath("bash");
  if (bash) copyProgram(bash, rootfs, "/bin/bash");
}

/** A program of the machine that a container can run as it is. */
export function programRootfs(rootfs: string, file: string, name: string): void {
  copyProgram(file, rootfs, `/app/${name}`);
}

/** A program of this library, in one file that Node.js runs. */
export function bundledRootfs(rootfs: string, source: string, name: string): void {
  buildSync({
    entryPoints: [source],
    outfile: join(rootfs, "app", name),
    bundle: true,
    platform: "node",
    target: "node20",
    // A source that is a program has that line already, and keeps it.
    ...(readFileSync(source, "utf8").startsWith("#!") ? {} : { banner: { js: "#!/usr/bin/env node" } }),
    // The form that it has for Node asks for its own files by names that are made while it runs.
    alias: { "jsonc-parser": require.resolve("jsonc-parser/lib/esm/main.js") },
    logLevel: "error",
  });
  execFileSync("chmod", ["755", join(rootfs, "app", name)]);
}

/** What the command line looks for in its package: its release, and where its folder is. */
export function packageRootfs(rootfs: string, root: string): void {
  for (const file of ["package.json", "tools/nomad/go.mod"]) place(join(root, file), join(rootfs, "app", file));
}

/** What keeps the slots of a sandbox apart, and what its commands use, as far as this machine has it. */
export function sandboxRootfs(rootfs: string): void {
  for (const program of ["setpriv", "unshare", "mount", "bwrap", "mkfifo", "ipcrm"]) {
    const found = findOnPath(program);
    if (found) copyProgram(found, rootfs, `/usr/bin/${program}`);
  }
  const missing = ["setpriv", "mkfifo", "ipcrm", "bash"].filter((program) => !findOnPath(program));
  if (missing.length > 0)
    throw UserError.at(
      "hermes-sandbox",
      `${missing.join(", ")} of this machine would be in it, and is not on PATH; install it, or write --from-registry`,
    );
  mkdirSync(join(rootfs, "workspace"), { recursive: true });
  mkdirSync(join(rootfs, "var/tmp"), { recursive: true });
}

/** What the health check of gRPC needs beside a stand-in: it reads its protocol from two folders above its own, which is /app in the image. */
export function healthProtocol(rootfs: string): void {
  const health = dirname(require.resolve("grpc-health-check/package.json"));
  cpSync(join(health, "proto"), join(rootfs, "proto"), { recursive: true });
}

function place(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function findOnPath(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(":")
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}
