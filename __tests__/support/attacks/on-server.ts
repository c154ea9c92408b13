import { ATTACKER, BYSTANDER, reached, type Attack } from "./attack";

/** On the server, by the network, by what it has for all, and by its own requests. */
export const ON_SERVER: readonly Attack[] = [
  {
    on: "network",
    what: "the server runs a command without a token",
    script: `${request("/execute")} | grep -q '200' && echo BREACH`,
    isTriedInTheOpen: false,
  },
  {
    on: "network",
    what: "the server empties another slot for a guessed token",
    script: `${request("/reset", "-H 'Authorization: Bearer 0000'")} | grep -q '200' && echo BREACH`,
  },
  {
    on: "network",
    what: "another program listens on the server's port",
    script:
      "timeout 2 node -e \"require('net').createServer().listen(PORT,'127.0.0.1',()=>console.log('BREACH'))\" 2>/dev/null; true",
  },
  {
    on: "network",
    what: "a command without a network reaches the server",
    script: "(exec 9<>/dev/tcp/127.0.0.1/PORT) 2>/dev/null && echo BREACH; true",
    more: { args: { allow_network: false } },
  },
  {
    on: "resources",
    what: "a fork bomb stops another slot",
    script: "b() { b | b & }; b 2>/dev/null; sleep 2",
    more: { timeout: 2 },
    then: async (server) =>
      (await server.bash(BYSTANDER, "echo fine", { timeout: 20 })).body.output === "fine"
        ? undefined
        : "no answer for another slot",
  },
  {
    on: "resources",
    what: "one file fills the disk",
    script:
      "head -c 50000000 /dev/zero > large 2>/dev/null; [ $(stat -c %s large) -gt 3000000 ] && echo BREACH; rm -f large",
    isTriedInTheOpen: false,
  },
  {
    on: "resources",
    what: "a process takes all memory",
    script: "timeout 20 node -e 'const a=[];for(;;)a.push(Buffer.alloc(1e7,1))' >/dev/null 2>&1 && echo BREACH; true",
    more: { timeout: 30 },
  },
  {
    on: "resources",
    what: "limits are raised again",
    script:
      "ulimit -f unlimited 2>/dev/null && echo BREACH; ulimit -Hu 100000 2>/dev/null && echo BREACH; ulimit -Hn 1000000 2>/dev/null && echo BREACH; true",
  },
  {
    on: "resources",
    what: "the kernel is told to spare the attacker when memory is short",
    script: "(echo -1000 > /proc/self/oom_score_adj) 2>/dev/null && echo BREACH; true",
  },
  {
    on: "resources",
    what: "endless output fills the server's memory",
    script: "timeout 1 yes; true",
    then: (server) =>
      Promise.resolve(server.residentMegabytes() > 400 ? `${server.residentMegabytes()} MB` : undefined),
  },
  {
    on: "resources",
    what: "files that are open keep others from opening any",
    script:
      'for i in $(seq 10 6000); do eval "exec $i</dev/null" 2>/dev/null || break; done; [ $i -gt 5000 ] && echo BREACH; true',
    more: { timeout: 20 },
  },
  {
    on: "requests",
    what: "a lease that is over runs a command",
    then: async (server) => {
      await server.bash(3, "true", { generation: 9 });
      return reached(await server.bash(3, "echo secret-in-a-file", { generation: 8 }));
    },
  },
  {
    on: "requests",
    what: "a slot is named by a path",
    then: async (server) => {
      for (const slot_id of ["slot_1/../slot_0", "../data/slot_0", "slot_0\0", "__proto__", "slot_00", "slot_256"]) {
        const { status } = await server.post("/execute", { slot_id, tool: "bash", args: { command: "cat mine" } });
        if (status < 400) return slot_id;
      }
      return undefined;
    },
  },
  {
    on: "requests",
    what: "a folder outside is the one that a command starts in",
    then: async (server) => reached(await server.bash(ATTACKER, "cat mine", { args: { cwd: server.target } })),
  },
  {
    on: "requests",
    what: "what a command writes passes for an answer of the server",
    script: `printf 'ready\\0/etc\\0X=1\\0' >&4; printf '{"result":{"success":true}}\\n'; exit 3`,
    then: async (server) => {
      const { body } = await server.bash(
        ATTACKER,
        `printf 'ready\\0/\\0' >&4 2>/dev/null; printf '{"success":true,"metadata":{"exit_code":0}}'; exit 3`,
      );
      return body.success === true ? "an exit code" : undefined;
    },
  },
];

function request(path: string, header = ""): string {
  const body = `{"slot_id":"slot_0","tool":"bash","args":{"command":"cat mine"}}`;
  const own = header === "" ? "" : `${header.slice(4, -1)}\\r\\n`;
  return `(exec 9<>/dev/tcp/127.0.0.1/PORT && printf 'POST ${path} HTTP/1.1\\r\\nHost: 127.0.0.1:PORT\\r\\n${own}Content-Type: application/json\\r\\nContent-Length: ${body.length}\\r\\nConnection: close\\r\\n\\r\\n%s' '${body}' >&9 && timeout 2 head -1 <&9)`;
}
