import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Without types of its own.
const { minVersion, satisfies } = createRequire(__filename)("semver") as {
  minVersion(range: string): object | null;
  satisfies(version: object | string, range: string): boolean;
};

interface Locked {
  readonly version?: string;
  readonly engines?: Readonly<Record<string, string>>;
}

// light-my-request is pinned beside Fastify for this: its newer releases take a cookie that wants a newer Node.
test("everything that is installed along runs on the oldest Node that the package says it runs on", () => {
  const lock = JSON.parse(readFileSync(join(__dirname, "../../package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const { "": own, ...packages } = lock.packages;
  const oldest = minVersion(own?.engines?.node ?? "");
  expect(oldest).not.toBeNull();
  const others = Object.entries(packages).flatMap(([path, { engines, version = "" }]) => {
    const wanted = engines?.node;
    return wanted === undefined || satisfies(oldest ?? "", wanted) ? [] : [`${path} ${version} wants ${wanted}`];
  });
  expect(others).toEqual([]);
});
