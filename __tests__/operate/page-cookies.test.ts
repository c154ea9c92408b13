import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { pagePlugin, type Environments } from "../../lib/page";
import { SCOPES } from "../../lib/service";
import { startBrowser, testWithBrowser } from "../support/browser";
import { testService, type TestService } from "../support/service";

const PATIENCE = 30_000;
const FOREIGN = "A".repeat(43);

/** A page that shows no environment. */
const environments = {
  list: () => Promise.resolve({ environments: [], unread: [] }),
  close: () => Promise.resolve(),
} as unknown as Environments;

let service: TestService;
let browser: Browser | undefined;
let token = "";
let address = "";
let neighbour: Server;
/** What the program at another port of the host sets. */
let planted: readonly string[] = [];
let page: Page;

beforeAll(async () => {
  browser = await startBrowser().catch(() => undefined);
  if (!browser) return;
  service = await testService({ plugins: [pagePlugin(environments)] });
  token = service.token("ann", ...SCOPES);
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  address = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`;
  neighbour = createServer((_request, response) => response.writeHead(200, { "set-cookie": [...planted] }).end("here"));
  await new Promise<void>((resolve) => neighbour.listen(0, "127.0.0.1", resolve));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await service?.end(0);
  neighbour?.close();
});

/** Somebody looks at a page of another program on this host, which sets cookies. */
async function visitNeighbour(cookies: readonly string[]): Promise<void> {
  planted = cookies;
  const other = await page.context().newPage();
  await other.goto(`http://127.0.0.1:${(neighbour.address() as AddressInfo).port}/`);
  await other.close();
}

async function opened(): Promise<void> {
  const { body } = await service.ask(token, "POST", "/api/session/one-time-token");
  await page.goto(`${address}/#login=${String(body.oneTimeToken)}`);
}

const isIn = async () => page.getByText("ann", { exact: true }).waitFor({ timeout: PATIENCE });
const PATHS = ["/api", "/api/", "/api/session", "/api/session/", "/api/environments", "/api/containers"];

describe.each<[string, (name: string) => readonly string[]]>([
  ["of longer paths", (name) => PATHS.map((path) => `${name}=${FOREIGN}; Path=${path}`)],
  ["that no script reads", (name) => [`${name}=${FOREIGN}; Path=/api; HttpOnly; SameSite=Strict; Max-Age=99999`]],
  ["without a name", (name) => ["/", ...PATHS].map((path) => `=${name}=${FOREIGN}; Path=${path}`)],
])("cookies %s that another program of the host sets beside the session", (_, cookies) => {
  beforeEach(async () => {
    if (browser) page = await (await browser.newContext()).newPage();
  });
  afterEach(async () => page?.context().close());
  const all = () => cookies(`cdk-nomad-${new URL(address).port}`);

  testWithBrowser("keep nobody out who is in", async () => {
    await opened();
    await isIn();
    await visitNeighbour(all());
    await page.reload();
    await isIn();
    await page.evaluate("location.hash = '#/pools'");
    await page.getByRole("article", { name: "warm-pool-openai" }).waitFor({ timeout: PATIENCE });
    expect(await page.getByText(/several sessions/).count()).toBe(0);
  });

  testWithBrowser("keep nobody from coming in", async () => {
    await visitNeighbour(all());
    await opened();
    await isIn();
    const own = (await page.context().cookies(`${address}/api/session`)).map(({ path, value }) => [path, value]);
    expect(own).toEqual([["/", expect.not.stringContaining(FOREIGN)]]);
  });
});
