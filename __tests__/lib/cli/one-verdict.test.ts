import { QUIET_STREAM, recorded, recordedJob, ReplayServer } from "../../support/replay";
import { bodyOf } from "../../support/replayed-clients";
import { cli, environment } from "../../support/run-cli";
import { SynthesizedProject } from "../../support/synthesized";

// What is watched and what is reported after it are one verdict.

test.each(["service-down-consul", "healthy"])(
  "status --watch calls a deployment well only where its job is, as of %s",
  async (name) => {
    const state = recorded(name);
    const job = recordedJob(state);
    const ended = bodyOf(state.nomad, "GET /v1/job/web/deployments") as readonly { readonly Status: string }[];
    const goesOn = ended.map((each) => (each.Status === "successful" ? { ...each, Status: "running" } : each));
    const server = await new ReplayServer({
      "GET /v1/regions": { body: ["global"] },
      "GET /v1/vars": { body: [] },
      ...state.consul,
      ...state.nomad,
      "GET /v1/event/stream": QUIET_STREAM,
      "GET /v1/job/web/deployments": [{ body: goesOn }, { body: ended }],
    }).open();
    const project = SynthesizedProject.ofJobs(job);
    try {
      const said = await cli(["status", "dev", "--watch", "--timeout", "30s"], {
        cwd: project.folder,
        env: environment({ NOMAD_ADDR: server.address, CONSUL_HTTP_ADDR: server.address }),
      });
      const isWell = /^web .* healthy /m.test(said.stdout);
      expect(isWell).toBe(name === "healthy");
      expect([said.code, said.stderr.includes("✓")]).toEqual(isWell ? [0, true] : [1, false]);
      expect(server.count("GET /v1/job/web/deployments")).toBeGreaterThan(2);
    } finally {
      project.remove();
      await server.close();
    }
  },
);

test("status tells a job from the same one in another region wherever it speaks of it", async () => {
  const state = recorded("failed");
  const job = recordedJob(state);
  const server = await new ReplayServer({
    "GET /v1/regions": { body: ["west", "east"] },
    "GET /v1/vars": { body: [] },
    ...state.nomad,
  }).open();
  const text = (Region: string) => ({
    jobspec: JSON.stringify({ Job: { ...job, Region } }).replaceAll(/([$%])\{/g, "$1$1{"),
  });
  const project = new SynthesizedProject({ nomad_job: { west: text("west"), east: text("east") } });
  try {
    const said = await cli(["status", "dev"], {
      cwd: project.folder,
      env: environment({ NOMAD_ADDR: server.address, CONSUL_HTTP_ADDR: server.address }),
    });
    expect([said.code, said.stdout]).toEqual([1, expect.stringMatching(/^web \(west\) is failed$/m)]);
    expect(said.stdout).toMatch(/^web \(east\) is failed$/m);
    expect(said.stdout).not.toMatch(/^web is /m);
  } finally {
    project.remove();
    await server.close();
  }
});
