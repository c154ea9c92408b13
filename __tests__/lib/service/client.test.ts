import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceConnection } from "../../../lib/service";

describe("where the service is, and who asks", () => {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-client-"));
  const file = join(folder, "token");
  writeFileSync(file, "cnp_a_b\n");
  afterAll(() => rmSync(folder, { recursive: true }));

  test("comes from the environment, the token by itself or in a file", () => {
    expect(serviceConnection({})).toEqual({ address: "http://127.0.0.1:8790", token: undefined });
    expect(serviceConnection({ POOL_SERVICE_ADDR: "http://a:1/", POOL_SERVICE_TOKEN_FILE: file })).toEqual({
      address: "http://a:1",
      token: "cnp_a_b",
    });
    expect(serviceConnection({ POOL_SERVICE_TOKEN: "t", POOL_SERVICE_TOKEN_FILE: file }).token).toBe("t");
  });

  test("is said to be wrong by the variable's name", () => {
    expect(() => serviceConnection({ POOL_SERVICE_TOKEN_FILE: join(folder, "none") })).toThrow(
      /POOL_SERVICE_TOKEN_FILE: .*none cannot be read \(ENOENT\)/,
    );
    expect(() => serviceConnection({ POOL_SERVICE_ADDR: "a" })).toThrow("POOL_SERVICE_ADDR: is no address");
  });
});
