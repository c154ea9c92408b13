import { SlotPoolJob, slotPoolSettings } from "../../../../lib";

describe("SlotPoolJob", () => {
  test("has slots, a least and a most, and a scaling block", () => {
    const job = new SlotPoolJob();
    expect(job.toApi().Job).toMatchObject({
      ID: "hermes-slot-pool",
      Meta: { slots: "10" },
      TaskGroups: [
        {
          Count: 1,
          Scaling: { Min: 1, Max: 10, Enabled: true },
          Tasks: [
            {
              Driver: "docker",
              Env: { SANDBOX_SLOTS: "10" },
              Services: [{ Checks: [{ Type: "http", Path: "/health" }] }],
            },
          ],
        },
      ],
    });
    expect(job.validate()).toEqual([]);
  });

  test("honours TERMINAL_NOMAD_…", () => {
    const job = SlotPoolJob.fromEnvironment({
      TERMINAL_NOMAD_DRIVER: "singularity",
      TERMINAL_NOMAD_IMAGE: "library://me/sandbox",
      TERMINAL_NOMAD_SLOTS: "4",
      TERMINAL_NOMAD_MIN: "2",
      TERMINAL_NOMAD_MAX: "3",
    });
    expect(job.toApi().Job).toMatchObject({
      Meta: { slots: "4" },
      TaskGroups: [
        {
          Count: 2,
          Scaling: { Min: 2, Max: 3 },
          Tasks: [{ Driver: "Singularity", Config: { image: "library://me/sandbox" } }],
        },
      ],
    });
    expect(job.validate()).toEqual([]);
  });

  test("says every variable that cannot be meant", () => {
    const env = {
      TERMINAL_NOMAD_DRIVER: "vm",
      TERMINAL_NOMAD_SLOTS: "0",
      TERMINAL_NOMAD_MIN: "5",
      TERMINAL_NOMAD_MAX: "2",
    };
    expect(() => slotPoolSettings(env)).toThrow(
      [
        'TERMINAL_NOMAD_DRIVER: "vm" is not known; write docker or singularity',
        'TERMINAL_NOMAD_SLOTS: "0" is no whole number of 1 or more; write 10, say',
        "TERMINAL_NOMAD_MAX: 2 is less than TERMINAL_NOMAD_MIN, 5; write 5 or more",
      ].join("\n"),
    );
  });
});
