import { execFileSync } from "node:child_process";
import { consulConnection } from "../../lib/nomad";
import { ConsulStore, listLeases } from "../../lib/pools";
import { browserTools } from "../support/browser-image";
import { BrowserPerson, emulatorsOf, machinesOf, type Look } from "../support/browser-person";
import { clusterForSuite } from "../support/cluster";
import { loginServer, type LoginServer } from "../support/login-server";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { until } from "../support/until";

// What becomes of a browser session when its service, its machine or its lease ends under somebody who looks at it.
const tools = browserTools();
if (typeof tools === "string") console.warn(`SKIPPED: faults of browser sessions are not tried here: ${tools}`);
const whenHere = typeof tools === "string" ? describe.skip : describe;
/** Ends what hangs; it is no measure of how fast something is. In milliseconds. */
const LIMIT = 240_000;
/** How long a session of these stands, in milliseconds: the shortest that there is. */
const TTL = 10_000;

whenHere("browser sessions under faults", () => {
  const folder = typeof tools === "string" ? "" : tools.folder;
  const cluster = clusterForSuite();
  const tokens = new TokenFile();
  const ann = tokens.add("ann", "claim", "execute", "read");
  const bob = tokens.add("bob", "claim", "execute", "read");
  const running: ServiceProcess[] = [];
  let login: LoginServer;

  async function start(): Promise<ServiceProcess> {
    const args = ["--tokens", tokens.path, "--browsers", "2", "--browser-folder", folder];
    const service = await ServiceProcess.start([...args, "--browser-allow", login.place], cluster.environment);
    running.push(service);
    return service;
  }
  const person = (service: ServiceProcess, token = ann) => new BrowserPerson(service.address, token);

  async function looking(who: BrowserPerson, session: string): Promise<Look> {
    const look = await who.look(session);
    if (typeof look === "number") throw new Error(`the screen was refused with ${look}`);
    return look;
  }

  /** Processes, ports, jobs and leases that sessions of this cluster have. */
  async function left(): Promise<readonly string[]> {
    const store = new ConsulStore(consulConnection(cluster.environment));
    try {
      const processes = machinesOf(cluster);
      const listening = execFileSync("ss", ["-Hltnp"], { encoding: "utf8" }).split("\n");
      const ports = listening.filter((line) => processes.some(({ pid }) => line.includes(`pid=${pid},`)));
      const jobs = await cluster.nomad.jobs("browser-vm-");
      const leases = await listLeases(store, "browser-vm");
      return [
        ...processes.map(({ command }) => command.slice(0, 80)),
        ...ports,
        ...jobs.map(({ ID }) => ID),
        ...leases.map(({ slot }) => slot),
      ];
    } finally {
      await store.close();
    }
  }

  beforeAll(async () => {
    login = await loginServer("a password", "a code");
  });
  afterEach(async () => {
    for (const service of running.splice(0)) {
      service.signal("SIGCONT");
      await service.stop();
    }
  }, 60_000);
  afterAll(async () => {
    await login?.close();
    tokens.remove();
  });

  test(
    "a service that is killed under somebody who looks: the next one has the session, and once nobody asks for it nothing is left",
    async () => {
      const first = await start();
      const session = await person(first).opened("ann", login.address, { ttl: TTL });
      const look = await looking(person(first), session);
      await first.kill();
      expect((await look.closed).code).toBe(1006);
      const next = await start();
      expect(await person(next).ask("POST", `${session}/renew`)).toMatchObject({ status: 200, body: { owner: "ann" } });
      const again = await looking(person(next), session);
      // While somebody looks it stands, for longer than its time.
      await new Promise((resolve) => setTimeout(resolve, TTL * 1.5));
      expect(await person(next).ask("GET", session)).toMatchObject({ status: 200 });
      expect(emulatorsOf(cluster)).toHaveLength(1);
      again.close();
      const began = Date.now();
      await until("its end", async () => (await left()).length === 0, 60_000);
      // Its time, the end of its machine, and looks at both; the limit is for a machine that is busy.
      expect(Date.now() - began).toBeLessThan(TTL + 20_000);
      expect(await person(next).ask("GET", session)).toMatchObject({ status: 404 });
    },
    LIMIT,
  );

  test(
    "a service that is killed and never comes back: another ends the session within its time, and the disk goes with its allocation",
    async () => {
      const [first, other] = [await start(), await start()];
      const session = await person(first).opened("ann", login.address, { ttl: TTL });
      const look = await looking(person(first), session);
      const disks = () =>
        execFileSync("find", [cluster.project.folder, "-name", "disk.qcow2"], { encoding: "utf8" }).trim();
      expect(disks().split("\n")).toHaveLength(1);
      await first.kill();
      await look.closed;
      await until("its end", async () => (await left()).length === 0, TTL + 40_000);
      expect(await person(other).ask("GET", session)).toMatchObject({ status: 404 });
      await cluster.ask("nomad", "/v1/system/gc", { method: "PUT" });
      await until("no disk", () => disks() === "", 30_000);
    },
    LIMIT,
  );

  test(
    "a lease that is over under somebody who looks closes the screen, and says why",
    async () => {
      const [stuck, other] = [await start(), await start()];
      const session = await person(stuck).opened("ann", login.address, { ttl: TTL });
      const look = await looking(person(stuck), session);
      stuck.signal("SIGSTOP");
      await until("its end", async () => (await left()).length === 0, TTL + 40_000);
      stuck.signal("SIGCONT");
      expect(await look.closed).toEqual({
        code: 4410,
        reason: "the session has ended: its time was over, or somebody ended it",
      });
      expect(await person(other).ask("GET", session)).toMatchObject({ status: 404 });
    },
    LIMIT,
  );

  test(
    "a machine that is killed ends its session at once, which the screen says, and its place is free",
    async () => {
      const service = await start();
      const who = person(service);
      const session = await who.opened("ann", login.address);
      const look = await looking(who, session);
      const [emulator] = emulatorsOf(cluster);
      process.kill(emulator?.pid ?? Number.NaN, "SIGKILL");
      expect(await look.closed).toEqual({
        code: 4410,
        reason: "the machine of the session has ended",
      });
      expect(await who.ask("GET", `${session}/credentials`)).toMatchObject({
        status: 404,
        body: { code: "session-unknown" },
      });
      await until("nothing left", async () => (await left()).length === 0, 30_000);
    },
    LIMIT,
  );

  test(
    "two sessions at once have nothing in common: a ticket, a screen and an end of one are none of the other's",
    async () => {
      const service = await start();
      const [a, b] = [person(service), person(service, bob)];
      const [one, two] = await Promise.all([a.opened("ann", login.address), b.opened("bob", login.address)]);
      const [first, second] = await Promise.all([looking(a, one), looking(b, two)]);
      expect(emulatorsOf(cluster)).toHaveLength(2);
      // Neither listens at a port, and the folders of their sockets are two.
      expect(await left()).toEqual(expect.not.arrayContaining([expect.stringContaining("LISTEN")]));
      expect(
        new Set(emulatorsOf(cluster).map(({ pid }) => execFileSync("readlink", [`/proc/${pid}/cwd`]).toString())).size,
      ).toBe(2);
      // A ticket of one opens nothing of the other's, and has been used then.
      const ticket = await a.ticket(one);
      expect(await b.look(two, ticket)).toBe(403);
      expect(await a.look(one, ticket)).toBe(403);
      expect(await a.ask("DELETE", two)).toMatchObject({ status: 404 });
      expect(await a.ask("DELETE", one)).toMatchObject({ status: 204 });
      expect(await first.closed).toMatchObject({
        code: 4410,
        reason: expect.stringContaining("the session has ended") as string,
      });
      await until("the end of one", () => emulatorsOf(cluster).length === 1, 30_000);
      expect(await b.ask("POST", `${two}/renew`)).toMatchObject({ status: 200 });
      second.close();
      expect(await b.ask("DELETE", two)).toMatchObject({ status: 204 });
      await until("nothing left", async () => (await left()).length === 0, 30_000);
    },
    LIMIT,
  );
});
