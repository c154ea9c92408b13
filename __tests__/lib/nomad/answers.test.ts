import { NomadClient, nomadConnection } from "../../../lib/nomad";
import { ReplayServer, type Answers } from "../../support/replay";

async function asking<T>(answers: Answers, ask: (nomad: NomadClient) => Promise<T>): Promise<T> {
  const server = await new ReplayServer(answers).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  try {
    return await ask(nomad);
  } finally {
    await nomad.close();
    await server.close();
  }
}

const STATE = {
  DesiredTotal: 2,
  DesiredCanaries: 0,
  PlacedAllocs: 0,
  PlacedCanaries: null,
  HealthyAllocs: 0,
  UnhealthyAllocs: 0,
  RequireProgressBy: null,
};
const DEPLOYMENT = { ID: "d", JobID: "web", JobVersion: 1, JobModifyIndex: 7, CreateIndex: 7, Status: "running" };
const of = (groups: unknown): Answers => ({
  "GET /v1/job/web/deployments": { body: [{ ...DEPLOYMENT, TaskGroups: groups }] },
});

describe("an answer", () => {
  test("of more values than any cluster has is refused before they are made", async () => {
    const many = `[${"{},".repeat(2_500_000)}{}]`;
    await expect(asking({ "GET /v1/jobs": { body: many } as never }, (nomad) => nomad.jobs())).rejects.toThrow(
      "it has more than 5 million values",
    );
  });

  test("of a group of which nothing is placed is read", async () => {
    const [found] = await asking(of({ api: STATE }), (nomad) => nomad.deployments("web"));
    expect(found?.TaskGroups.api).toMatchObject({ DesiredTotal: 2, RequireProgressBy: null, PlacedCanaries: [] });
  });

  test.each([[null], [undefined]])("whose map is %s is read as empty", async (groups) => {
    const [found] = await asking(of(groups), (nomad) => nomad.deployments("web"));
    expect(Object.keys(found?.TaskGroups ?? { a: 1 })).toEqual([]);
  });

  test("with names that are those of prototypes keeps them, and has no others", async () => {
    const groups = JSON.parse(
      `{"constructor":${JSON.stringify(STATE)},"__proto__":${JSON.stringify(STATE)}}`,
    ) as unknown;
    const [found] = await asking(of(groups), (nomad) => nomad.deployments("web"));
    expect(Object.keys(found?.TaskGroups ?? {})).toEqual(["constructor", "__proto__"]);
    const [other] = await asking(of({ api: STATE }), (nomad) => nomad.deployments("web"));
    expect(other?.TaskGroups.toString).toBeUndefined();
  });

  test("with a job's meta hands it on as it is written, and takes nothing for it that Nomad does not write", async () => {
    const job = (Meta: unknown) =>
      asking(
        { "GET /v1/job/web": { body: { ID: "web", Meta } }, "POST /v1/jobs/parse": { body: { ID: "web", Meta } } },
        (nomad) => Promise.all([nomad.job("web"), nomad.parse("")]),
      );
    const written = JSON.parse('{"pool":"a","constructor":"b","__proto__":"c"}') as unknown;
    for (const meta of [null, undefined, {}, written])
      for (const read of await job(meta)) expect(JSON.stringify(read?.Meta)).toBe(JSON.stringify(meta));
    await expect(job("planted")).rejects.toThrow("Meta is a text, where an object belongs");
    await expect(job({ pool: "a", size: 5 })).rejects.toThrow("Meta.size is a number, where a text belongs");
  });

  test("with a status that is not known keeps it", async () => {
    const answers = { "GET /v1/job/web/deployments": { body: [{ ...DEPLOYMENT, Status: "resting" }] } };
    expect((await asking(answers, (nomad) => nomad.deployments("web")))[0]?.Status).toBe("resting");
  });

  test.each([
    [{ api: { ...STATE, HealthyAllocs: null } }, "[0].TaskGroups.api.HealthyAllocs is null, where a number belongs"],
    [{ api: { ...STATE, PlacedCanaries: ["a", 5] } }, "[0].TaskGroups.api.PlacedCanaries[1] is a number, where a text"],
    ["planted-secret", "[0].TaskGroups is a text, where an object belongs"],
  ])("that does not fit is one error with its place, and without what stands there", async (groups, place) => {
    const failure = asking(of(groups), (nomad) => nomad.deployments("web"));
    await expect(failure).rejects.toThrow(`the answer to GET /v1/job/web/deployments is not one of Nomad's: ${place}`);
    await expect(failure).rejects.not.toThrow(/planted/);
  });

  test.each([
    ["<html>Sign in</html>", /it is a page of HTML/],
    ["", /the whole answer is missing/],
    ["[".repeat(200_000) + "]".repeat(200_000), /not one of Nomad's/],
  ])("of something that is no Nomad is said", async (body, message) => {
    const answers = { "GET /v1/job/web/versions": { body } };
    await expect(asking(answers, (nomad) => nomad.versions("web"))).rejects.toThrow(message);
  });
});
