import { SlotPoolJob, slotPoolSettings } from "../../../../lib";

interface Rendered {
  readonly ID: string;
  readonly TaskGroups: readonly {
    readonly Networks: readonly Record<string, unknown>[];
    readonly Tasks: readonly { readonly Driver: string; readonly Config: { readonly args: readonly string[] } }[];
  }[];
}

const rendered = (job: SlotPoolJob) => job.toApi().Job as unknown as Rendered;
const argsOf = (job: SlotPoolJob) => rendered(job).TaskGroups[0]?.Tasks[0]?.Config.args ?? [];

describe("SlotPoolJob", () => {
  test("has the names that published clients look for, and scales without deployments", () => {
    const job = new SlotPoolJob();
    expect(job.toApi().Job).toMatchObject({
      ID: "hermes-sandbox",
      Meta: { slots: "10", pool: "hermes-sandbox" },
      Update: { HealthCheck: "task_states", MinHealthyTime: 0, MaxParallel: 0 },
      TaskGroups: [
        {
          Name: "sandbox",
          Count: 1,
          Scaling: { Min: 1, Max: 10, Enabled: true },
          Networks: [{ DynamicPorts: [{ Label: "http", To: 8080 }] }],
          RestartPolicy: { Attempts: 3, Interval: 300e9, Delay: 10e9, Mode: "delay" },
          ReschedulePolicy: {
            Attempts: 5,
            Interval: 3600e9,
            Delay: 30e9,
            DelayFunction: "exponential",
            MaxDelay: 300e9,
          },
          Tasks: [
            {
              Name: "sandbox-server",
              Driver: "docker",
              Config: { image: "hermes-sandbox:local", force_pull: false, ports: ["http"] },
              Services: [{ Checks: [{ Type: "http", Path: "/health" }] }],
            },
          ],
        },
      ],
    });
    expect(argsOf(job).slice(0, 6)).toEqual(["--port", "8080", "--slots", "10", "--data-dir", "/data"]);
    expect(job.validate()).toEqual([]);
  });

  test.each(["docker", "raw_exec", "exec", "singularity"] as const)(
    "%s: no token in the job, and loopback only without one",
    (driver) => {
      const asking = argsOf(new SlotPoolJob({ driver })).join(" ");
      expect(asking).toContain("--token-file ${NOMAD_SECRETS_DIR}/sandbox-token");
      const open = new SlotPoolJob({ driver, token: "none" });
      expect(argsOf(open).join(" ")).toMatch(/--port \$\{NOMAD_PORT_http\}.* --listen 127\.0\.0\.1 --no-token$/);
      expect(open.validate()).toEqual([]);
      // Nothing that shares the node's network listens on every address.
      const wide = asking.includes("--listen 0.0.0.0");
      expect(wide).toBe(driver === "docker");
    },
  );

  test("keeps its id when it changes, unless generations are asked for", () => {
    const ids = (generations: boolean) => [3, 4].map((slots) => new SlotPoolJob({ slots, generations }).id);
    expect(ids(false)).toEqual(["hermes-sandbox", "hermes-sandbox"]);
    const [one, other] = ids(true);
    expect([one, other]).toEqual([
      expect.stringMatching(/^hermes-sandbox-[0-9a-f]{8}$/),
      expect.stringMatching(/^hermes-sandbox-[0-9a-f]{8}$/),
    ]);
    expect(one).not.toBe(other);
    expect(new SlotPoolJob({ generations: true }).pool).toBe("hermes-sandbox");
  });

  test("honours TERMINAL_NOMAD_…", () => {
    const job = SlotPoolJob.fromEnvironment({
      TERMINAL_NOMAD_JOB_ID: "mine",
      TERMINAL_NOMAD_DRIVER: "singularity",
      TERMINAL_NOMAD_IMAGE: "library://me/sandbox",
      TERMINAL_NOMAD_SLOTS: "4",
      TERMINAL_NOMAD_MIN: "2",
      TERMINAL_NOMAD_MAX: "3",
      TERMINAL_NOMAD_RAW_EXEC_PORT: "8080",
    });
    expect(job.toApi().Job).toMatchObject({
      ID: "mine",
      Meta: { slots: "4" },
      TaskGroups: [
        {
          Count: 2,
          Scaling: { Min: 2, Max: 3 },
          Networks: [{ ReservedPorts: [{ Label: "http", Value: 8080 }] }],
          Tasks: [{ Driver: "Singularity", Config: { image: "library://me/sandbox" } }],
        },
      ],
    });
    expect(job.validate()).toEqual([]);
    const privileged = SlotPoolJob.fromEnvironment({ TERMINAL_NOMAD_PRIVILEGED: "true" });
    expect(rendered(privileged).TaskGroups[0]?.Tasks[0]?.Config).toMatchObject({ privileged: true });
    const apptainer = SlotPoolJob.fromEnvironment({
      TERMINAL_NOMAD_DRIVER: "raw_exec",
      TERMINAL_NOMAD_APPTAINER_IMAGE: "/images/sandbox.sif",
    });
    expect(rendered(apptainer).TaskGroups[0]?.Tasks[0]?.Config).toMatchObject({
      command: "apptainer",
      args: expect.arrayContaining(["exec", "/images/sandbox.sif", "/app/hermes-sandbox", "--slots"]) as unknown,
    });
    expect(slotPoolSettings({ TERMINAL_NOMAD_ADDRESS: "http://10.0.0.1:4646" }).address).toBe("http://10.0.0.1:4646");
  });

  test("says every variable that cannot be meant", () => {
    const env = {
      TERMINAL_NOMAD_ADDRESS: "nomad",
      TERMINAL_NOMAD_DRIVER: "vm",
      TERMINAL_NOMAD_SLOTS: "0",
      TERMINAL_NOMAD_MIN: "5",
      TERMINAL_NOMAD_MAX: "2",
      TERMINAL_NOMAD_PRIVILEGED: "maybe",
      TERMINAL_NOMAD_RAW_EXEC_PORT: "70000",
    };
    expect(() => slotPoolSettings(env)).toThrow(
      [
        'TERMINAL_NOMAD_DRIVER: "vm" is not known; write docker, singularity or raw_exec',
        'TERMINAL_NOMAD_ADDRESS: "nomad" is no address; write http://localhost:4646, say',
        'TERMINAL_NOMAD_PRIVILEGED: "maybe" is neither; write true or false',
        'TERMINAL_NOMAD_SLOTS: "0" is no whole number of 1 or more; write 10, say',
        'TERMINAL_NOMAD_RAW_EXEC_PORT: "70000" is more than 65535; write 8080, say',
        "TERMINAL_NOMAD_MAX: 2 is less than TERMINAL_NOMAD_MIN, 5; write 5 or more",
      ].join("\n"),
    );
  });
});
