import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { JobJson } from "../../lib/nomad";
import { BrowserVmJob } from "../../lib/pools";
import { browserTools } from "../support/browser-image";
import { clusterForSuite } from "../support/cluster";
import { PROBED, probingFolder, type Probe } from "../support/probing-guest";
import { until } from "../support/until";

// What a guest reaches that is root in its machine and asks for what no browser asks for.
const tools = browserTools();
if (typeof tools === "string") console.warn(`SKIPPED: the network of browser machines is not tried here: ${tools}`);
const whenHere = typeof tools === "string" ? describe.skip : describe;
const LIMIT = 300_000;

whenHere("the network of a browser's machine", () => {
  const cluster = clusterForSuite();
  const system = typeof tools === "string" ? "" : tools.folder;
  const servers: Server[] = [];
  /** What reached the node's servers and sockets that nobody allowed. */
  const reached: string[] = [];

  async function listening(host: string, name?: string): Promise<number> {
    const server = createServer((_request, response) => void response.end("here I am\n"));
    servers.push(server);
    if (name !== undefined) server.on("connection", () => void reached.push(name));
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  afterAll(() => {
    for (const server of servers) server.close();
  });

  test(
    "is a proxy that opens what was allowed: neither Nomad, Consul nor another port of the node is reached, by no address and by no name",
    async () => {
      const allowed = await listening("127.0.0.2");
      const other = await listening("127.0.0.1", "a port of the loopback");
      const six = await listening("::1", "a port of the loopback of IPv6");
      const all = await listening("0.0.0.0", "a port of every address");
      const datagrams = createSocket("udp4");
      datagrams.on("message", () => void reached.push("a socket of UDP"));
      await new Promise<void>((resolve) => datagrams.bind(0, "127.0.0.1", resolve));
      const nomad = Number(new URL(cluster.environment.NOMAD_ADDR).port);
      const consul = Number(new URL(cluster.environment.CONSUL_HTTP_ADDR).port);
      const [own] = Object.values(networkInterfaces())
        .flat()
        .filter((each) => each?.internal === false && each.family === "IPv4");

      const direct: Probe[] = [
        { name: "direct nomad", script: `web 10.0.2.2 ${nomad}` },
        { name: "direct consul", script: `web 10.0.2.2 ${consul}` },
        { name: "direct other", script: `web 10.0.2.2 ${other}` },
        { name: "direct resolver", script: `web 10.0.2.3 ${other}` },
        { name: "direct six", script: `web fec0::2 ${six}` },
        { name: "direct allowed", script: `web 127.0.0.2 ${allowed}` },
        { name: "direct port of the proxy's host", script: `web 10.0.2.100 ${other}` },
        { name: "direct datagram", script: `echo hello | nc -u -w 2 10.0.2.2 ${datagrams.address().port}` },
        { name: "direct name", script: "nslookup localhost 10.0.2.3 | grep -A2 Name:" },
        ...(own ? [{ name: "direct own", script: `web ${own.address} ${all}` }] : []),
      ];
      const hosts = ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0.0.0.0", "localhost", "[::ffff:127.0.0.1]"];
      const targets = [
        ...[nomad, consul, other].flatMap((port) => hosts.map((host) => `${host}:${port}`)),
        ...[`[::1]:${six}`, "169.254.169.254:80", "10.0.2.2:80", `127.0.0.2:${other}`],
        ...(own ? [`${own.address}:${all}`] : []),
      ];
      const refused: Probe[] = targets.flatMap((target) => [
        { name: `get ${target}`, script: `get '${target}'` },
        { name: `tunnel ${target}`, script: `tunnel '${target}'` },
      ]);
      const opened: Probe[] = [
        // That the probes themselves can reach something.
        { name: "the proxy", script: "web 10.0.2.100 3128" },
        { name: "get allowed", script: `get 127.0.0.2:${allowed}` },
        { name: "tunnel allowed", script: `tunnel 127.0.0.2:${allowed}` },
      ];

      const guest = probingFolder(system, [...opened, ...direct, ...refused]);
      const machine = { kind: "qemu", folder: guest.folder, start: "boot", accelerator: "tcg" } as const;
      const job = new BrowserVmJob({
        ...{ sessionId: "probe", userId: "eve", provider: "test", vmIp: "192.168.100.9" },
        machine: { ...machine, allow: [`127.0.0.2:${allowed}`] },
      });
      try {
        await cluster.nomad.register(job.toApi().Job as JobJson, 0);
        const { id = "" } = job;
        let said = "";
        await until(
          "the guest's probes",
          async () => {
            const [allocation] = await cluster.nomad.allocations(id);
            if (allocation?.ClientStatus === "failed") throw new Error(JSON.stringify(allocation.TaskStates));
            if (allocation?.TaskStates.vm?.State !== "running" && !said.includes(PROBED)) return false;
            const chunks: Uint8Array[] = [];
            for await (const chunk of cluster.nomad.logs(allocation?.ID ?? "", "vm", { stream: "stdout" }))
              chunks.push(chunk);
            said = Buffer.concat(chunks).toString("latin1");
            return said.includes(PROBED);
          },
          LIMIT - 30_000,
        );
        const answers = new Map(
          [...said.matchAll(/PROBE (.+?): (.*?)\r?\n/g)].map(([, name = "", text]) => [name, text]),
        );
        const answersOf = (probes: readonly Probe[]) => probes.map(({ name }) => `${name}: ${answers.get(name)}`);
        expect(answersOf(opened)).toEqual([
          "the proxy: HTTP/1.1 400 Bad Request",
          "get allowed: HTTP/1.1 200 OK",
          "tunnel allowed: HTTP/1.1 200 Connection established",
        ]);
        expect(answersOf(direct)).toEqual(direct.map(({ name }) => `${name}: `));
        expect(answersOf(refused).filter((answer) => !answer.includes(": HTTP/1.1 403 "))).toEqual([]);
        expect(reached).toEqual([]);
      } finally {
        await cluster.nomad.deregister(job.id ?? "", { purge: true });
        guest.remove();
        datagrams.close();
      }
    },
    LIMIT,
  );
});
