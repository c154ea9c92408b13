import { readSettings } from "../../../../lib/pools/sandbox/server/settings";

const whole = ["--port", "8080", "--slots", "4", "--data-dir", "/data"];

describe("the sandbox server's command line", () => {
  test("has the flags of Hermes' own server, and asks for a token", () => {
    expect(readSettings([...whole, "--token-file", "/t"])).toMatchObject({
      port: 8080,
      slots: 4,
      dataDir: "/data",
      tokenFile: "/t",
      listen: "127.0.0.1",
      isolation: ["bubblewrap", "user"],
      limits: { output: 50_000, file: 100_000, artifact: 5_000_000, entries: 5_000 },
    });
    expect(() => readSettings(whole)).toThrow(/write --token-file FILE \(or --no-token on loopback\)/);
  });

  test("knows the node's port behind which a container's own is reached", () => {
    const nodePort = (env: Record<string, string>) => readSettings([...whole, "--token-file", "/t"], env).nodePort;
    const other = { NOMAD_PORT_other: "9000", NOMAD_HOST_PORT_other: "31000" };
    expect(nodePort({ ...other, NOMAD_PORT_http: "8080", NOMAD_HOST_PORT_http: "23456" })).toBe(23_456);
    expect(nodePort(other)).toBeUndefined();
    expect(nodePort({ NOMAD_PORT_http: "8080" })).toBeUndefined();
    expect(nodePort({ NOMAD_PORT_http: "8080", NOMAD_HOST_PORT_http: "${NOMAD_HOST_PORT_x}" })).toBeUndefined();
  });

  test.each(["0.0.0.0", "::", "10.0.0.1", "128.0.0.1"])("has no way without a token on %s", (address) => {
    expect(() => readSettings([...whole, "--no-token", "--listen", address])).toThrow(/for loopback only/);
  });

  test.each(["127.0.0.1", "127.9.9.9", "::1"])("may be without a token on %s", (address) => {
    expect(readSettings([...whole, "--no-token", "--listen", address]).tokenFile).toBeUndefined();
  });

  test.each([
    [["--port", "70000"], /--port 70000 is no whole number from 0 to 65535/],
    [["--slots", "1e3"], /--slots 1e3/],
    [["--listen", "localhost"], /is no IP address/],
    [["--limit", "__proto__=1"], /--limit __proto__ is not known/],
    [["--limit", "output"], /write --limit output N/],
    [["--isolation", ""], /--isolation {2}is not known/],
  ])("refuses %j", (more, message) => {
    expect(() => readSettings([...whole, "--token-file", "/t", ...more])).toThrow(message);
  });
});
