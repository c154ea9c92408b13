import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine";

/** What a command may expect in a place: a shell, coreutils, and what runs and ends processes. */
const PROGRAMS = (
  "sh bash env cat ls cp mv rm mkdir rmdir ln chmod touch head tail tr wc sort uniq cut tee dd sleep date id uname printf echo true " +
  "false test [ expr basename dirname readlink realpath stat mktemp sha256sum md5sum base64 seq yes od du df nproc nohup timeout find " +
  "xargs grep sed awk tar gzip setsid unshare kill ps pgrep pkill"
).split(" ");
/** Who is who, and which server is where. */
const FILES = ["passwd", "group", "hosts", "resolv.conf", "nsswitch.conf", "ssl/certs/ca-certificates.crt"];
const FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/**
 * What Nomad puts into the root of every task of the exec driver: some 20 MB, where its own default is all of `/usr`, copied for each
 * allocation. https://developer.hashicorp.com/nomad/docs/configuration/client#chroot_env-parameters
 *
 * @returns where each file of this machine goes; undefined where that cannot be told, as where there is no `ldd`
 */
export function smallChroot({
  platform,
  uid,
}: Pick<Machine, "platform" | "uid">): Readonly<Record<string, string>> | undefined {
  // Only root on Linux has the exec driver.
  if (platform !== "linux" || uid !== 0) return undefined;
  const found = PROGRAMS.flatMap((name) => {
    const folder = FOLDERS.find((at) => existsSync(join(at, name)));
    return folder === undefined ? [] : [{ name, source: realpathSync(join(folder, name)) }];
  });
  const libraries = librariesOf(found.map(({ source }) => source));
  if (libraries === undefined) return undefined;
  const files = FILES.map((name) => join("/etc", name)).filter((path) => existsSync(path));
  const targets = [
    ...found.map(({ name, source }) => ({ source, target: join("/usr/bin", name) })),
    // Scripts name these by their old paths.
    ...found
      .filter(({ name }) => name === "sh" || name === "bash")
      .map(({ name, source }) => ({ source, target: join("/bin", name) })),
    ...[...libraries, ...files].map((target) => ({ source: realpathSync(target), target })),
  ];
  const map: Record<string, string> = {};
  // One file may have several names in the root, and Nomad's map is by file: another way of writing its path is another key.
  for (const { source, target } of targets) {
    let key = source;
    while (key in map) key = `/.${key}`;
    map[key] = target;
  }
  return map;
}

/** The shared libraries of programs, by the paths at which the loader looks for them. */
function librariesOf(programs: readonly string[]): readonly string[] | undefined {
  try {
    const output = execFileSync("ldd", [...programs], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 20_000,
    });
    const paths = [...output.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x[\da-f]+\)$/gm)].map(([, path = ""]) => path);
    return [...new Set(paths)];
  } catch {
    return undefined;
  }
}
