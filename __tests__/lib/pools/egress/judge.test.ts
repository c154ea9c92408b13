import { parseAllowed, type Allowed } from "../../../../lib/pools/egress/allowed";
import { judge } from "../../../../lib/pools/egress/judge";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "accounts.example": ["93.184.215.14", "2606:2800::1"],
  "login.corp": ["10.1.2.3"],
  "LOGIN.corp.": ["10.1.2.3"],
  "inside.example": ["127.0.0.1"],
  "metadata.example": ["169.254.169.254"],
  "node.example": ["198.41.0.4"],
  "mixed.example": ["127.0.0.1", "93.184.215.14", "::ffff:10.0.0.1"],
};

function allowedOf(entries: readonly string[]): readonly Allowed[] {
  return entries.map(parseAllowed).filter((entry) => entry !== undefined);
}

/** Where a connection goes: its addresses, or why it goes nowhere. */
async function goes(host: string, port: number, ...entries: readonly string[]): Promise<string> {
  const verdict = await judge(
    { host, port },
    {
      resolve: (name) =>
        NAMES[name] ? Promise.resolve(NAMES[name]) : Promise.reject(new Error(`getaddrinfo ENOTFOUND ${name}`)),
      // As a node in a cloud: one private address, one public.
      own: () => ["127.0.0.1", "::1", "10.9.9.9", "198.41.0.4", "fe80::1"],
      allowed: allowedOf(entries),
    },
  );
  if (verdict.kind === "open") return verdict.addresses.map(({ address }) => address).join(" ");
  return verdict.kind === "refused" ? verdict.why : verdict.kind;
}

describe("where a guest may go", () => {
  test.each<[string, string, number, ...string[]]>([
    ["93.184.215.14 2606:2800::1", "accounts.example", 443],
    ["93.184.215.14", "93.184.215.14", 80],
    ["public", "accounts.example", 25],
    ["93.184.215.14 2606:2800::1", "accounts.example", 8443, "accounts.example:8443"],
    ["public", "accounts.example", 8444, "accounts.example:8443"],
    ["unknown", "nobody.example", 443],
    // The node, by whichever way.
    ["loopback", "127.0.0.1", 4646],
    ["loopback", "::1", 443],
    ["loopback", "inside.example", 443],
    ["link-local", "metadata.example", 80],
    ["own", "10.9.9.9", 443],
    ["own", "node.example", 443],
    // What is public of a name is opened, and that alone is connected to.
    ["93.184.215.14", "mixed.example", 443],
    ["private", "login.corp", 443],
    ["10.1.2.3", "login.corp", 443, "login.corp"],
    ["10.1.2.3", "LOGIN.corp.", 80, "login.corp"],
    ["10.1.2.3", "login.corp", 443, "10.1.0.0/16"],
    ["10.1.2.3", "10.1.2.3", 8080, "10.1.2.3:8080"],
    ["private", "10.2.2.3", 443, "10.1.0.0/16"],
  ])("%s: %s at port %i, allowed %j", async (expected, host, port, ...entries) => {
    expect(await goes(host, port, ...entries)).toBe(expected);
  });

  test.each<[string, string, number, string]>([
    ["loopback", "inside.example", 443, "inside.example"],
    ["loopback", "127.0.0.1", 443, "0.0.0.0/0"],
    ["loopback", "127.0.0.1", 443, "127.0.0.0/8"],
    ["link-local", "169.254.169.254", 80, "169.254.0.0/16"],
    ["own", "10.9.9.9", 443, "10.0.0.0/8"],
    ["loopback", "127.0.0.1", 4646, "127.0.0.1:8080"],
    ["127.0.0.1", "127.0.0.1", 8080, "127.0.0.1:8080"],
    ["127.0.0.1", "::ffff:127.0.0.1", 8080, "127.0.0.1:8080"],
    ["127.0.0.1", "inside.example", 8080, "127.0.0.1:8080"],
    ["::1", "::1", 8080, "[::1]:8080"],
  ])(
    "the node itself is opened by its very address and its port alone: %s, %s at port %i by %s",
    async (expected, host, port, entry) => {
      expect(await goes(host, port, entry)).toBe(expected);
    },
  );
});

describe("an entry of the list", () => {
  test.each([
    "login.corp",
    "login.corp:8443",
    "localhost:1",
    "10.0.0.0/8",
    "10.0.0.0/8:8080",
    "10.1.2.3",
    "[fd00::1]",
    "[fd00::1]:443",
    "[fd00::/8]:443",
    "LOGIN.corp",
  ])("%s is one", (text) => {
    expect(parseAllowed(text)).toBeDefined();
  });

  test.each([
    "",
    ":80",
    "login.corp:0",
    "login.corp:65536",
    "login.corp:",
    "http://login.corp",
    "login.corp/8",
    "a b",
    "*",
    "10.0.0.0/33",
    "[fd00::/129]",
    "[10.0.0.1]",
    "10.1",
    "127.0.0.1.",
    "-login.corp",
    "fd00::1",
    "[::ffff:10.0.0.0/104]",
    "${NOMAD_IP}",
    "a,b",
    `${"a".repeat(64)}.corp`,
  ])("%j is none", (text) => {
    expect(parseAllowed(text)).toBeUndefined();
  });
});
