import { loadavg } from "node:os";
import { browserTools } from "../../__tests__/support/browser-image";
import type { TestCluster } from "../../__tests__/support/cluster";
import { loginServer } from "../../__tests__/support/login-server";
import { Rfb } from "../../__tests__/support/rfb";
import { until } from "../../__tests__/support/until";
import { consulConnection } from "../../lib/nomad";
import { BrowserSessions, ConsulStore, type QemuMachine } from "../../lib/pools";
import { median } from "../measure";
import type { Figure } from "../synthesis";
import { figure } from "./figures";

const RUNS = 5;
const LIMIT = 600_000;
/** Goals, in seconds: of machines that are emulated, on two cores that Nomad, Consul and this have too. */
const GOALS = { state: { picture: 15, login: 30 }, boot: { picture: 90, login: 105 } } as const;

/** A browser session as a person has it: how long until its page is in the picture, and until the login that they typed is handed over. */
export async function measureBrowsers(cluster: TestCluster): Promise<Figure[]> {
  const tools = browserTools();
  if (typeof tools === "string") {
    console.log(`  skipped: browser sessions: ${tools}`);
    return [];
  }
  const figures: Figure[] = [];
  for (const start of ["state", "boot"] as const) {
    const times: { readonly picture: number; readonly login: number }[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      times.push(await session(cluster, tools.folder, start));
      const { picture, login } = times.at(-1) ?? { picture: 0, login: 0 };
      console.log(`  ${start}: ${picture.toFixed(1)} s, ${login.toFixed(1)} s; load ${loadavg()[0]?.toFixed(1)}`);
    }
    const from = start === "state" ? "from the kept state" : "booted";
    const words = (of: readonly number[]) => (value: number) =>
      `${value.toFixed(1)} s (${Math.min(...of).toFixed(1)} to ${Math.max(...of).toFixed(1)})`;
    for (const [kind, what] of [
      ["picture", "its page is in the picture"],
      ["login", "the login that was typed is handed over"],
    ] as const) {
      const each = times.map((time) => time[kind]);
      const one = figure(`a browser session ${from}: ${what} after`, median(each), GOALS[start][kind], words(each));
      figures.push({ ...one, goal: `below ${GOALS[start][kind]} s` });
    }
  }
  return figures;
}

async function session(cluster: TestCluster, folder: string, start: NonNullable<QemuMachine["start"]>) {
  const login = await loginServer("correct horse", "code");
  const store = new ConsulStore(consulConnection(cluster.environment));
  const machine = { kind: "qemu", folder, start, allow: [login.place] } as const;
  const sessions = new BrowserSessions({ nomad: cluster.nomad, store, machine, places: 1 });
  await sessions.start();
  const began = performance.now();
  const since = () => (performance.now() - began) / 1000;
  try {
    const wanted = { owner: "ann", provider: "test", url: login.address, wait: 60_000, startTimeout: LIMIT };
    const opened = await sessions.open(wanted);
    const screen = await Rfb.connect(await sessions.screen(opened));
    // The login's page is blue.
    const isThere = async () => {
      const { red, green, blue } = await screen.pixel(600, 500);
      return red < 60 && green < 110 && blue > 120;
    };
    await until("the page", isThere, LIMIT);
    const picture = since();
    await screen.click(60, 14);
    await screen.type("ann");
    await screen.click(60, 60);
    await screen.type("correct horse\n");
    await until("the credentials", async () => (await sessions.state(opened)).kind === "credentials", LIMIT);
    const times = { picture, login: since() };
    screen.close();
    await sessions.close(opened);
    await until("its end", async () => (await cluster.nomad.jobs("browser-vm-")).length === 0);
    return times;
  } finally {
    await sessions.stop();
    await store.close();
    await login.close();
  }
}
