import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import { createToken, SCOPES, tokenText } from "../../lib/service";
import { OwnNomad } from "../support/own-nomad";
import { ServiceProcess } from "../support/pool-service";
import { until } from "../support/until";

const POOL = "warm-pool-openai";
const VARIABLE = "nomad/jobs/pool-service";
const POLICY = join(__dirname, "../../examples/policies/pool-service.nomad.hcl");
const ARGS = ["--pool", POOL, "--store", "nomad", "--runtime", "raw_exec", "--tokens-variable", VARIABLE];

/** A Nomad that asks everybody for a token, and that has the tokens of the service in a variable. */
const own = new OwnNomad();
const running: ServiceProcess[] = [];
const { token: ann, line } = createToken({ owner: "ann", scopes: SCOPES });

async function tokenWith(name: string, rules: string): Promise<string> {
  const nomad = own.client();
  try {
    await nomad.http.post(apiPath`/v1/acl/policy/${name}`, v.unknown(), { body: { Name: name, Rules: rules } });
    const body = { Name: name, Type: "client", Policies: [name] };
    return (await nomad.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), { body })).SecretID;
  } finally {
    await nomad.close();
  }
}

beforeAll(async () => {
  await own.start();
  const answer = await fetch(`${own.address}/v1/var/${VARIABLE}`, {
    method: "PUT",
    headers: { "x-nomad-token": own.token },
    body: JSON.stringify({ Path: VARIABLE, Items: { ann: tokenText(line) } }),
  });
  if (!answer.ok) throw new Error(`Nomad does not take the variable: ${answer.status}`);
}, 60_000);
afterAll(async () => {
  for (const service of running) await service.kill();
  await own.remove();
}, 30_000);

/** A service that listens, ready or not: there is no Consul here. */
async function start(token: string): Promise<ServiceProcess> {
  const service = ServiceProcess.begin(ARGS, { NOMAD_ADDR: own.address, NOMAD_TOKEN: token });
  running.push(service);
  await until("the service listens", () => service.address !== "");
  return service;
}
const ask = async (service: ServiceProcess, token: string) => {
  const answer = await fetch(`${service.address}/api/nothing`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status;
};

test("with the policy of the example the service reads its tokens from a variable, and knows them", async () => {
  const token = await tokenWith("pool-service", readFileSync(POLICY, "utf8"));
  const service = await start(token);
  expect(await ask(service, ann)).toBe(404);
  expect(await ask(service, `${ann.slice(0, -1)}_`)).toBe(401);
  expect(service.said).not.toContain(token);
  expect(service.said).not.toContain(ann);
}, 60_000);

test("a token without rights is told in words, and nobody is served", async () => {
  const token = await tokenWith("nothing", 'namespace "default" { capabilities = ["list-jobs"] }');
  const service = ServiceProcess.begin(ARGS, { NOMAD_ADDR: own.address, NOMAD_TOKEN: token });
  running.push(service);
  await until("it is told", () => /token/i.test(service.said));
  expect(service.said).toContain("NOMAD_TOKEN");
  expect(service.said).not.toContain(token);
  expect(service.said).toContain(VARIABLE);
  expect(service.address).toBe("");
}, 60_000);
