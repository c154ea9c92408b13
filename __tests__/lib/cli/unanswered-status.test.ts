import { QUIET_STREAM, recorded, recordedJob, ReplayServer, type Answer, type Answers } from "../../support/replay";
import { cli, environment } from "../../support/run-cli";
import { SynthesizedProject } from "../../support/synthesized";

/** A service in Consul that is well, as it was recorded while it was not. */
function wellInConsul() {
  const state = recorded("service-down-consul");
  const text = JSON.stringify(state.consul).replaceAll('"critical"', '"passing"');
  return { job: recordedJob(state), nomad: state.nomad, consul: JSON.parse(text) as Answers };
}

/** Answers until so many requests came, and refuses every one after them. */
function upTo(requests: number, answers: Answers): Answers {
  let count = 0;
  const cut = (answer: Answer): Answer => {
    return async (asked) => {
      if ((count += 1) > requests) return { status: 403, body: "Permission denied" };
      if (typeof answer === "function") return answer(asked);
      return (Array.isArray(answer) ? answer[0] : answer) as Exclude<Answer, readonly unknown[]> as never;
    };
  };
  return Object.fromEntries(Object.entries(answers).map(([endpoint, answer]) => [endpoint, cut(answer)]));
}

async function status(requests: number) {
  const { job, nomad: answers, consul: ofConsul } = wellInConsul();
  const nomad = await new ReplayServer({
    "GET /v1/regions": { body: ["global"] },
    "GET /v1/vars": { body: [] },
    ...answers,
    "GET /v1/event/stream": QUIET_STREAM,
  }).open();
  const consul = await new ReplayServer(upTo(requests, ofConsul)).open();
  const project = SynthesizedProject.ofJobs(job);
  try {
    const said = await cli(["status", "dev"], {
      cwd: project.folder,
      env: environment({ NOMAD_ADDR: nomad.address, CONSUL_HTTP_ADDR: consul.address }),
    });
    return { ...said, asked: consul.asked.length };
  } finally {
    project.remove();
    await nomad.close();
    await consul.close();
  }
}

test("status is green only where Consul said how every service is, whenever it begins to refuse", async () => {
  const whole = await status(Infinity);
  expect([whole.code, whole.stdout]).toEqual([0, expect.stringMatching(/^web-api .* passing /m)]);
  const seen: string[] = [];
  for (let requests = 0; requests < whole.asked; requests += 1) {
    const { code, stdout, stderr } = await status(requests);
    const isUnknown = /\bunknown\b|not known/.test(stdout + stderr);
    expect({ requests, isGreen: code === 0 }).toEqual({ requests, isGreen: !isUnknown });
    // What is not known is said with its reason.
    if (/^web-api .* unknown /m.test(stdout))
      seen.push(/service web-api is is not known: (.*)/.exec(stdout)?.[1] ?? "");
  }
  expect(seen).toContainEqual(expect.stringContaining("Consul"));
});
