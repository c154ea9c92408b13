import { longSocketsOf } from "../../../lib/local";

const folderOf = (length: number) => `/${"d".repeat(length - 1)}`;
const job = (group: object) => ({ ID: "web", TaskGroups: [{ Name: "work", ...group }] });
const USES_API = { Name: "task", Driver: "raw_exec", Env: { SOCKET: "${NOMAD_SECRETS_DIR}/api.sock" } };
/** `/<id>/task/secrets/api.sock` after it makes 107. */
const LONGEST = 107 - 37 - "/task/secrets/api.sock".length;

test("a socket's path may have 107 bytes and no more", () => {
  expect(longSocketsOf(job({ Tasks: [USES_API] }), folderOf(LONGEST))).toEqual([]);
  expect(longSocketsOf(job({ Tasks: [USES_API] }), folderOf(LONGEST + 1))).toEqual([
    { job: "web", group: "work", what: "the Task API of task", length: 108, most: 107 },
  ]);
  // Bytes count, and not characters.
  expect(longSocketsOf(job({ Tasks: [USES_API] }), `/${"é".repeat(LONGEST - 1)}`)).toHaveLength(1);
});

test.each([
  ["a task that does not speak of it", { Tasks: [{ Name: "task", Driver: "raw_exec" }] }],
  ["a virtual machine that is just ended", { Tasks: [{ Name: "vm", Driver: "qemu", Config: {} }] }],
  ["a mesh on the host's network", { Services: [{ Connect: { SidecarService: {} } }], Networks: [{ Mode: "host" }] }],
  ["a service without a mesh", { Services: [{ Connect: null }], Networks: [{ Mode: "bridge" }] }],
])("%s needs none, however deep its folder is", (_what, group) => {
  expect(longSocketsOf(job(group), folderOf(300))).toEqual([]);
});

test.each([
  ["the graceful shutdown of vm", { Tasks: [{ Name: "vm", Driver: "qemu", Config: { graceful_shutdown: true } }] }],
  ["the proxy's way to Consul", { Services: [{ Connect: { SidecarService: {} } }], Networks: [{ Mode: "bridge" }] }],
])("%s is missed in a deep folder", (what, group) => {
  expect(longSocketsOf(job(group), folderOf(120)).map((socket) => socket.what)).toEqual([what]);
});
