import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Browser, type Page } from "playwright-core";
import { browserTools } from "../support/browser-image";
import { BrowserPerson, emulatorsOf } from "../support/browser-person";
import { clusterForSuite } from "../support/cluster";
import { loginServer, type LoginServer } from "../support/login-server";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { until } from "../support/until";

// A machine of QEMU, its screen in a real browser, and a login that a person types.
const tools = browserTools();
if (typeof tools === "string") console.warn(`SKIPPED: browser sessions are not tried here: ${tools}`);
const whenHere = typeof tools === "string" ? describe.skip : describe;
/** Ends what hangs; it is no measure of how fast something is. In milliseconds. */
const LIMIT = 600_000;
/** How long a step of a person's may take on a machine that is busy, emulated besides. In milliseconds. */
const STEP = 120_000;
const PASSWORD = "correct horse";
const CODE = "planted-code-4711";

whenHere("browser sessions", () => {
  const { folder, chromium: program } = typeof tools === "string" ? { folder: "", chromium: "" } : tools;
  const cluster = clusterForSuite();
  const tokens = new TokenFile();
  const ann = tokens.add("ann", "claim", "execute", "read");
  const bob = tokens.add("bob", "claim", "execute", "read");
  let service: ServiceProcess;
  let login: LoginServer;
  let browser: Browser;

  beforeAll(async () => {
    login = await loginServer(PASSWORD, CODE);
    const args = ["--tokens", tokens.path, "--browsers", "2", "--browser-folder", folder, "--log-level", "debug"];
    service = await ServiceProcess.start([...args, "--browser-allow", login.place], cluster.environment);
    const args_ = [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
    ];
    browser = await chromium.launch({ executablePath: program, args: args_ });
  }, LIMIT);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    await login?.close();
    tokens.remove();
  }, 60_000);

  // What one test left open takes no place of the next one's.
  afterEach(async () => {
    for (const token of [ann, bob]) {
      const { body } = await ask(token, "GET", "/api/browser-sessions");
      for (const { id } of body.sessions as { readonly id: string }[])
        await ask(token, "DELETE", `/api/browser-sessions/${id}`);
    }
    await until("no machine is left", () => machines().length === 0, STEP);
  }, LIMIT);

  const ask = (token: string, method: string, path: string) =>
    new BrowserPerson(service.address, token).ask(method, path);
  const open = (token: string, userId: string) => new BrowserPerson(service.address, token).open(userId, login.address);
  const machines = () => emulatorsOf(cluster);

  const textOf = async (page: Page) => page.locator("#status").textContent();

  /** Whether the screen shows much of a colour: the login's page is blue. */
  async function isBlue(page: Page): Promise<boolean> {
    return page.evaluate<boolean>(`(() => {
      const canvas = document.querySelector("canvas");
      const context = canvas && canvas.getContext("2d");
      if (!context || canvas.width < 800) return false;
      const [red, green, blue] = context.getImageData(600, 500, 1, 1).data;
      return red < 60 && green < 110 && blue > 120;
    })()`);
  }

  test(
    "a person sees the machine, logs in by typing, and what the login hands over comes out; then nothing is left",
    async () => {
      const opened = await open(ann, "ann");
      expect(opened).toMatchObject({ status: 201, body: { owner: "ann", provider: "test", address: "192.168.100.1" } });
      const path = `/api/browser-sessions/${String(opened.body.id)}`;

      // Nothing listens for it but sockets in its allocation, which their owner alone reaches.
      const [machine] = machines();
      expect(machine?.command).toMatch(/-vnc unix:/);
      const pid = machine?.pid;
      const listening = execFileSync("ss", ["-Hltnp"], { encoding: "utf8" }).split("\n");
      expect(listening.filter((line) => line.includes(`pid=${pid},`))).toEqual([]);

      // Another owner learns nothing of it.
      expect(await ask(bob, "GET", path)).toMatchObject({ status: 404, body: { code: "session-unknown" } });
      expect(await ask(bob, "POST", `${path}/tickets`)).toMatchObject({ status: 404 });
      expect(await ask(bob, "DELETE", path)).toMatchObject({ status: 404 });
      expect(await ask(ann, "GET", `${path}/credentials`)).toMatchObject({
        status: 404,
        body: { code: "credentials-missing" },
      });

      const { body: ticket } = await ask(ann, "POST", `${path}/tickets`);
      const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        // Networks of this machine come and go beside it, and one of the page's modules does not load at first.
        const isMeant = /ERR_NETWORK_CHANGED|ERR_FAILED.*inflator/.test(`${message.text()} ${message.location().url}`);
        if (message.type() === "error" && !isMeant) faults.push(`${message.text()} ${message.location().url}`);
      });
      await page.route(/browser-files\/novnc\/core\/inflator/, (route) => route.abort());
      await page.goto(`${service.address}${String(ticket.page)}`);
      const isConnected = async () => (await textOf(page)) === "Connected";
      await until("the screen", isConnected, STEP, async () => [await textOf(page), ...faults]);
      await until("the login's page", () => isBlue(page), STEP);
      expect(page.url()).not.toContain(String(ticket.ticket));

      // A ticket is good once.
      const second = await browser.newPage();
      const secondSaid: string[] = [];
      second.on("console", (message) => secondSaid.push(`${message.text()} ${message.location().url}`));
      await second.goto(`${service.address}${String(ticket.page)}`);
      const isRefused = async () => /refused/.test((await textOf(second)) ?? "");
      await until("the refusal", isRefused, STEP, async () => [await textOf(second), ...secondSaid]);
      await second.close();

      const canvas = page.locator("canvas");
      const box = await canvas.boundingBox();
      if (!box) throw new Error("there is no screen");
      const scale = box.width / 1024;
      const click = (x: number, y: number) => page.mouse.click(box.x + x * scale, box.y + y * scale);
      // Whoever reads the page first sends a form all the same: no connection of the browser's is kept, and closed meanwhile.
      await sleep(7000);
      // An emulated machine that gets little of a processor loses keys: then a person sees the form again, and types more slowly.
      const isTyped = () =>
        login.forms.at(-1)?.get("user") === "ann" && login.forms.at(-1)?.get("password") === PASSWORD;
      for (let attempt = 1; attempt <= 8 && !isTyped(); attempt += 1) {
        const sent = login.forms.length;
        for (const [y, text] of [
          [14, "ann"],
          [60, PASSWORD],
        ] as const) {
          await click(60, y);
          const clip = { x: box.x + 2 * scale, y: box.y + (y - 12) * scale, width: 400 * scale, height: 24 * scale };
          for (const letter of text) {
            const before = await page.screenshot({ clip });
            await page.keyboard.press(letter === " " ? "Space" : letter, { delay: 60 });
            // Each key is typed once the one before it is seen, as a person does on a slow machine.
            const isSeen = async () => !before.equals(await page.screenshot({ clip }));
            await until("the letter", isSeen, 500 * attempt).catch(() => undefined);
          }
        }
        await page.keyboard.press("Enter", { delay: 60 });
        await until("the form", () => login.forms.length > sent, 20_000).catch(() => undefined);
        if (login.forms.length > sent) await sleep(2000 * (attempt - 1));
      }
      expect(Object.fromEntries(login.forms.at(-1) ?? [])).toMatchObject({ user: "ann", password: PASSWORD });

      expect(await ask(ann, "GET", `${path}/credentials?wait=30000`)).toEqual({
        status: 200,
        body: { credentials: { code: CODE, state: "s-1" } },
      });
      expect(await ask(bob, "GET", `${path}/credentials`)).toMatchObject({ status: 404 });
      expect(faults).toEqual([]);
      await page.close();

      // Neither the address nor what came out stands anywhere.
      const [job] = await cluster.nomad.jobs("browser-vm-");
      const said = JSON.stringify([
        await cluster.nomad.job(job?.ID ?? ""),
        await cluster.nomad.allocations(job?.ID ?? ""),
      ]);
      for (const text of [said, service.said]) {
        expect(text).not.toContain(CODE);
        expect(text).not.toContain(login.address);
        expect(text).not.toContain(String(ticket.ticket));
      }

      expect(await ask(ann, "DELETE", path)).toMatchObject({ status: 204 });
      await until("the machine's end", () => machines().length === 0, STEP);
      await until("no job", async () => (await cluster.nomad.jobs("browser-vm-")).length === 0, STEP);
      expect(await ask(ann, "GET", path)).toMatchObject({ status: 404 });
      expect(await ask(ann, "GET", "/api/browser-sessions")).toMatchObject({ body: { sessions: [] } });
    },
    LIMIT,
  );

  test(
    "two sessions never have one address; a third finds no place, and one that is ended gives its own to the next",
    async () => {
      const [first, second] = await Promise.all([open(ann, "ann"), open(bob, "bob")]);
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(new Set([first.body.address, second.body.address]).size).toBe(2);
      expect(await open(ann, "ann")).toMatchObject({ status: 429, body: { code: "pool-busy" } });
      expect(await open(ann, "bob")).toMatchObject({ status: 403, body: { code: "other-owner" } });
      expect(machines()).toHaveLength(2);
      const path = `/api/browser-sessions/${String(first.body.id)}`;
      expect(await ask(ann, "DELETE", path)).toMatchObject({ status: 204 });
      await ask(bob, "DELETE", `/api/browser-sessions/${String(second.body.id)}`);
      await until("no machine", () => machines().length === 0, STEP);
      // An id that is over stays so.
      expect(await ask(ann, "DELETE", path)).toMatchObject({ status: 404 });
    },
    LIMIT,
  );
});
