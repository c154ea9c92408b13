import { ConsulStore, BrowserSessions, POOL_SERVICE_POLICIES } from "../../lib/pools";
import { consulConnection, NomadClient, nomadConnection } from "../../lib/nomad";
import { browserTools } from "../support/browser-image";
import { clusterForSuite } from "../support/cluster";
import { loginServer, type LoginServer } from "../support/login-server";
import { Rfb } from "../support/rfb";
import { environmentWith, without, type Rules } from "../support/rights";
import { until } from "../support/until";

// What the service may do for browser sessions, taken away piece by piece; what it may for pools is in service-rights.test.ts.
const tools = browserTools();
if (typeof tools === "string") console.warn(`SKIPPED: the rights of browser sessions are not tried here: ${tools}`);
const whenHere = typeof tools === "string" ? describe.skip : describe;
const LIMIT = 180_000;
const RULES: Rules = POOL_SERVICE_POLICIES;

whenHere("the service's rights for browser sessions", () => {
  const folder = typeof tools === "string" ? "" : tools.folder;
  const cluster = clusterForSuite();
  let login: LoginServer;
  let tried = 0;

  beforeAll(async () => {
    login = await loginServer("a password", "a code");
  });
  afterEach(() => cluster.purge(), 60_000);
  afterAll(() => login?.close());

  /** Opens a session, looks at its screen, asks what it has handed over, and ends it, with these rights. @returns "done", or what went wrong */
  async function tries(rules: Rules): Promise<string> {
    const environment = await environmentWith(cluster, rules);
    const nomad = new NomadClient(nomadConnection(environment));
    const store = new ConsulStore(consulConnection(environment));
    const troubles: string[] = [];
    const sessions = new BrowserSessions({
      ...{ nomad, store, places: 1, pool: `browser-vm-${(tried += 1)}` },
      machine: { kind: "qemu", folder, allow: [login.place] },
      onTrouble: (message) => void troubles.push(message),
    });
    try {
      await sessions.start();
      const wanted = { owner: "ann", provider: "test", url: login.address, startTimeout: 90_000 };
      const session = await sessions.open(wanted);
      const screen = await Rfb.connect(await sessions.screen(session));
      screen.close();
      const { kind } = await sessions.state(session);
      if (kind !== "opened") throw new Error(`it is ${kind}`);
      await sessions.close(session);
      await until("its end", async () => (await cluster.nomad.jobs("browser-vm-")).length === 0, 20_000);
      return troubles.length === 0 ? "done" : troubles.join("\n");
    } catch (error) {
      return [String(error), ...troubles].join("\n");
    } finally {
      await sessions.stop().catch(() => undefined);
      await Promise.all([nomad.close(), store.close()]);
    }
  }

  test(
    "with its own policies a session is opened, seen, asked and ended",
    async () => {
      expect(await tries(RULES)).toBe("done");
    },
    LIMIT,
  );

  test.each<[string, Rules]>([
    ["list-jobs", without(RULES, "nomad", /"list-jobs",/)],
    ["read-job", without(RULES, "nomad", /"read-job",/)],
    ["submit-job", without(RULES, "nomad", /"submit-job",/)],
    ["alloc-exec", without(RULES, "nomad", /"alloc-exec",/)],
    ["alloc-node-exec", without(RULES, "nomad", /"alloc-node-exec",/)],
    ["leases in Consul", without(RULES, "consul", /key_prefix "pools[^}]*\}/)],
  ])(
    "without the right to %s it lacks something, and says that it is not allowed",
    async (_right, rules) => {
      expect(await tries(rules)).toMatch(/403|[Pp]ermission denied|may not/);
    },
    LIMIT,
  );
});
