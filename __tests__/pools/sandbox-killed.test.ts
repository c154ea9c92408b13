import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesNaming } from "../support/processes";
import { bundleSandboxServer, TestSandboxServer } from "../support/sandbox-server";
import { until } from "../support/until";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-sandbox-program-"));
const program = bundleSandboxServer(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
/** Ways of keeping slots apart, and who starts the server: without CAP_SYS_ADMIN, root has users for its slots and no namespaces. */
const WAYS = [
  { way: "bubblewrap", kind: "bubblewrap", namespaces: true, as: [], where: existsSync("/usr/bin/bwrap") },
  { way: "users and namespaces", kind: "user", namespaces: true, as: [], where: isRoot },
  {
    way: "users alone",
    kind: "user",
    namespaces: false,
    as: ["/usr/bin/setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"],
    where: isRoot && existsSync("/usr/bin/setpriv"),
  },
  { way: "nothing", kind: "none", namespaces: false, as: [], where: process.platform === "linux" },
];

describe.each(WAYS)(
  "a server that is killed, its slots kept apart by $way,",
  ({ way, kind, namespaces, as, where }) => {
    if (!where) console.log(`skipped: sandboxes by ${way} are not possible here`);
    const testWhere = where ? test : test.skip;
    const server = new TestSandboxServer(program);
    afterAll(async () => {
      await server.end();
      server.remove();
    });

    testWhere(
      "leaves no process, whenever that is",
      async () => {
        const mark = `killed-${randomBytes(8).toString("hex")}`;
        // The environment is cleared by one of them, so that it is not known by it.
        const command = `(MARK=${mark} setsid sleep 600 &); (setsid sh -c 'exec -a ${mark} sleep 600' &); sleep 600 # ${mark}`;
        // Without mounts of their own, the slots' users go through the folders of the machine.
        chmodSync(server.folder, 0o711);
        // From the first moments of a shell on, and once it waits or runs its command.
        for (const delay of [0, 1, 3, 8, 20, 60, 400]) {
          await server.start(["--slots", "3", "--isolation", kind], as);
          expect(server.event("listening")).toMatchObject({ isolation: kind, namespaces });
          // The first command finds a shell that waits, the others start theirs.
          const asked = [0, 0, 1, 2].map((slot) =>
            server
              .bash(slot, command, { args: { allow_network: slot !== 2 || kind === "none" } })
              .catch(() => undefined),
          );
          await sleep(delay);
          await server.end("SIGKILL");
          await Promise.all(asked);
          await until(
            `nothing is left of what was killed after ${delay} ms`,
            () => left(server, mark).length === 0,
            3000,
          );
        }
        // As a shell is started that nobody has asked for yet.
        await server.start(["--slots", "3", "--isolation", kind], as);
        await server.end("SIGKILL");
        await until("nothing is left", () => left(server, mark).length === 0, 3000);
      },
      60_000,
    );
  },
);

const isLinux = process.platform === "linux";
if (!isLinux) console.log("skipped: servers of one allocation; it needs Linux");
(isLinux ? describe : describe.skip)("a second server of one allocation", () => {
  const server = new TestSandboxServer(program);
  const ofAllocation = (id: string) => ["env", `NOMAD_ALLOC_ID=${id}`, "NOMAD_TASK_NAME=sandbox-server"];
  const options = ["--slots", "1", "--isolation", "none"];
  afterAll(() => server.remove());

  /** What a killed agent of Nomad leaves: it starts a task again of which it has not written that it runs. */
  test("ends the first one, which Nomad knows nothing of, with what runs in its slots", async () => {
    const mark = `left-${randomBytes(8).toString("hex")}`;
    await server.start(options, ofAllocation("8dbb0d1d-0001"));
    const first = server.pid;
    const asked = server.bash(0, `exec -a ${mark} sleep 600`).catch(() => undefined);
    await until("the command runs", () => processesNaming(mark).length > 0);
    await server.start(options, ofAllocation("8dbb0d1d-0001"));
    expect(server.event("left-server-ended")).toMatchObject({ processes: [first] });
    expect(server.event("listening")).toBeDefined();
    await asked;
    await until("nothing of the first is left", () => processesNaming(mark).length === 0, 3000);
    expect(await server.bash(0, "echo well")).toMatchObject({ body: { output: "well" } });
    await server.end();
  }, 60_000);

  test("ends none of another allocation, and none that nobody's allocation has", async () => {
    for (const [one, other] of [
      [ofAllocation("8dbb0d1d-0002"), ofAllocation("8dbb0d1d-0003")],
      [[], []],
    ] as const) {
      await server.start(options, one);
      const first = server.pid;
      await server.start(options, other);
      expect(server.event("left-server-ended")).toBeUndefined();
      expect(() => process.kill(first, 0)).not.toThrow();
      process.kill(first, "SIGKILL");
      await server.end();
    }
  }, 60_000);

  test("which has lost its folder ends by itself: Nomad has removed its allocation", async () => {
    await server.start(options);
    rmSync(server.dataDir, { recursive: true });
    await until("its end", () => server.exitCode !== null, 15_000);
    expect(server.event("folder-gone")).toBeDefined();
  }, 60_000);
});

/** Processes of a server's slots, however far they came: by what they were asked to run, or by the server's own folder. */
function left(server: TestSandboxServer, mark: string) {
  return [...processesNaming(mark), ...processesNaming(server.dataDir)];
}
