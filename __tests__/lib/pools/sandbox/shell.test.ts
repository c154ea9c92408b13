import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Shell } from "../../../../lib/pools/sandbox/server/shell";
import { makePipes } from "../../../../lib/pools/sandbox/server/shell-pipes";
import { until } from "../../../support/until";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-shell-"));
beforeAll(() => makePipes(folder, undefined));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function started(script: string): Shell {
  return new Shell({
    program: "/bin/sh",
    args: ["-c", script],
    cwd: folder,
    env: { PATH: "/usr/bin:/bin" },
    pipes: folder,
    namespaces: true,
    sweep: () => Promise.resolve(true),
  });
}

// Pipes of a shell that was killed are waited for two seconds, since what evaded its end holds them: not where nothing does.
test.each([
  ["waits", "exec sleep 100"],
  ["has let go of its output before", "exec >&- 2>&-; exec sleep 100"],
  ["has ended before", "exit 3"],
])("a shell that %s is ended without waiting for pipes that nobody has", async (_, script) => {
  const took: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const shell = started(script);
    if (script === "exit 3") await until("it has ended", () => !shell.alive);
    else await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    await shell.end();
    took.push(performance.now() - began);
  }
  // A busy machine may be late once or twice; who waits for pipes does it each time.
  expect(took.sort((one, other) => one - other)[2]).toBeLessThan(1800);
});
