import { join } from "node:path";
import { clusterForSuite } from "../support/cluster";
import { PLANTED } from "../support/planted";
import { runWithPlanted } from "../support/planted-run";

// Open, since the tokens that it is asked with are among what is planted.
const cluster = clusterForSuite({ program: join(__dirname, "programs/planted-secrets.ts"), acl: "open" });

test("no planted secret is in any output, file or list of processes", async () => {
  expect(PLANTED.length).toBeGreaterThanOrEqual(60);
  const { findings, codes, outputs, open } = await runWithPlanted(cluster);
  expect(findings.filter(({ leaks }) => leaks.length > 0)).toEqual([]);
  expect(open).toEqual([]);
  // The commands did what they are for: what is hidden stands in what they print.
  expect(codes.get("preview lab --format markdown (round 2)")).toBe(2);
  expect(codes.get("drift lab --format text (round 2)")).toBe(2);
  for (const command of ["preview lab --format markdown (round 2)", "drift lab --format text (round 2)"])
    expect(outputs.get(command)?.match(/••••••/g)?.length).toBeGreaterThan(60);
  expect(outputs.get("deploy lab --preview preview.json (round 2)")).toContain("was changed by somebody else");
  expect(outputs.get("deploy lab --timeout 25s (round 2)")).toContain("cannot log in with ••••••");
  expect(outputs.get("validate lab --format text (round 1)")).toContain("[secret/literal]");
}, 600_000);
