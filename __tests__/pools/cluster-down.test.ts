import { cgroupsOf } from "../../lib/local/machine/cgroups";
import { TestCluster } from "../support/cluster";
import { Bundles, RealSandboxes } from "../support/sandboxes";
import { until } from "../support/until";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;
if (!isRoot) console.log("skipped: cgroups of a cluster that is stopped, which Nomad makes on Linux as root");
const testWhere = isRoot ? test : test.skip;

testWhere(
  "a cluster that goes down under its sandboxes leaves no cgroup of theirs",
  async () => {
    const bundles = new Bundles();
    const cluster = new TestCluster();
    try {
      await cluster.start();
      await cluster.nomad.register(new RealSandboxes(bundles).job({ id: "sandboxes", count: 6, max: 6, slots: 3 }));
      const allocations = () => cluster.nomad.allocations("sandboxes");
      const running = async () => (await allocations()).filter(({ ClientStatus }) => ClientStatus === "running").length;
      await until("six sandboxes", async () => (await running()) === 6);
      const ids = new Set((await allocations()).map(({ ID }) => ID));
      expect(cgroupsOf(ids).length).toBeGreaterThanOrEqual(6);
      await cluster.project.run(["down"]);
      expect(cgroupsOf(ids)).toEqual([]);
    } finally {
      await cluster.end();
      bundles.remove();
    }
  },
  120_000,
);
