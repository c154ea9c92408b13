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

/** Runs a command over servers that answer so many requests and refuse those after them. */
async function asked(command: string, { ofNomad = Infinity, ofConsul = Infinity }) {
  const { job, nomad: answers, consul: consulAnswers } = wellInConsul();
  const all = { "GET /v1/regions": { body: ["global"] }, "GET /v1/vars": { body: [] }, ...answers };
  const nomad = await new ReplayServer({ ...upTo(ofNomad, all), "GET /v1/event/stream": QUIET_STREAM }).open();
  const consul = await new ReplayServer(upTo(ofConsul, consulAnswers)).open();
  const project = SynthesizedProject.ofJobs(job);
  try {
    const said = await cli([command, "dev"], {
      cwd: project.folder,
      env: environment({ NOMAD_ADDR: nomad.address, CONSUL_HTTP_ADDR: consul.address }),
    });
    return { ...said, ofNomad: nomad.asked.length, ofConsul: consul.asked.length };
  } finally {
    project.remove();
    await nomad.close();
    await consul.close();
  }
}

/** Whose other jobs are is a matter of its own, which a token may have no right to know: it is said beside the verdict. */
const BESIDE = /^! records of other stacks cannot be read, so it is not known which jobs are theirs: .*\n/m;

test.each(["status", "preview", "drift"])(
  "%s is green only where it says what it says when all is answered, whichever server begins to refuse, and whenever",
  async (command) => {
    const whole = await asked(command, {});
    const green: string[] = [];
    for (const server of ["ofNomad", "ofConsul"] as const)
      for (let requests = 0; requests < whole[server]; requests += 1) {
        const { code, stdout } = await asked(command, { [server]: requests });
        if (code === 0) green.push(stdout.replace(BESIDE, "").trimEnd());
      }
    expect(new Set([whole.stdout.trimEnd(), ...green]).size).toBe(1);
    expect(whole.code).toBe(0);
  },
);

test("status says why it is not known how a service is", async () => {
  const whole = await asked("status", {});
  expect([whole.code, whole.stdout]).toEqual([0, expect.stringMatching(/^web-api .* passing /m)]);
  const reasons: string[] = [];
  for (let requests = 0; requests < whole.ofConsul; requests += 1) {
    const { stdout } = await asked("status", { ofConsul: requests });
    if (/^web-api .* unknown /m.test(stdout))
      reasons.push(/service web-api is is not known: (.*)/.exec(stdout)?.[1] ?? "");
  }
  expect(reasons).toContainEqual(expect.stringContaining("Consul"));
});
