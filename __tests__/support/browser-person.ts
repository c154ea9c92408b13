import { WebSocket } from "ws";
import type { TestCluster } from "./cluster";
import { machineProcesses, type MachineProcess } from "./processes";

const PATH = "/api/browser-sessions";

/** A screen that somebody looks at. */
export interface Look {
  /** How it ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): void;
}

/** Somebody with a token who asks a service for browser sessions, over HTTP as any client does. */
export class BrowserPerson {
  constructor(
    private readonly address: string,
    private readonly token: string,
  ) {}

  async ask(method: string, path: string, body?: object) {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body) headers["content-type"] = "application/json";
    const answer = await fetch(`${this.address}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
  }

  async open(userId: string, url: string, more: object = {}) {
    return this.ask("POST", PATH, { userId, provider: "test", url, ...more });
  }

  /** @returns the path of a session that was opened. @throws where it was not */
  async opened(userId: string, url: string, more: object = {}): Promise<string> {
    const { status, body } = await this.open(userId, url, more);
    if (status !== 201) throw new Error(JSON.stringify(body));
    return `${PATH}/${String(body.id)}`;
  }

  async ticket(session: string): Promise<string> {
    return String((await this.ask("POST", `${session}/tickets`)).body.ticket);
  }

  /** Looks at a screen, with a ticket of its own or another one. @returns once the machine has greeted; the status of a refusal otherwise */
  async look(session: string, ticket?: string): Promise<Look | number> {
    const given = ticket ?? (await this.ticket(session));
    const socket = new WebSocket(`${this.address.replace("http", "ws")}${session}/screen`, [
      "binary",
      `ticket.${given}`,
    ]);
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    return new Promise((resolve) => {
      socket.once("unexpected-response", (_request, response) => {
        resolve(response.statusCode ?? 0);
        socket.terminate();
      });
      socket.on("error", () => undefined);
      socket.once("message", (data: Buffer) => {
        if (data.toString("latin1").startsWith("RFB 003.")) resolve({ closed, close: () => socket.terminate() });
      });
      void closed.then(({ code }) => resolve(code));
    });
  }
}

/** The processes of a cluster's browser machines: their emulators, and the proxies of their guests. */
export function machinesOf({ project }: TestCluster): readonly MachineProcess[] {
  const isOurs = ({ command, environment }: MachineProcess) => `${command} ${environment}`.includes(project.folder);
  return machineProcesses().filter((each) => /qemu-system-x86_64|egress\.js/.test(each.command) && isOurs(each));
}

/** Those that are emulators. */
export function emulatorsOf(cluster: TestCluster): readonly MachineProcess[] {
  return machinesOf(cluster).filter(
    ({ command }) => command.startsWith("qemu-system-x86_64") || command.includes("/qemu-system-x86_64 "),
  );
}
