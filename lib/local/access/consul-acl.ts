import * as v from "valibot";
import { apiPath, type ApiPath, type ConsulClient } from "../../nomad";
import type { Tokens } from "./tokens";

/** What a job of the project may do by its own identity. */
export interface JobAcl {
  readonly job: string;
  /** Rules of a Nomad policy. https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy */
  readonly nomad: string;
  /** Rules of a Consul policy. https://developer.hashicorp.com/consul/docs/security/acl/acl-rules */
  readonly consul: string;
}

/** Whom the identities of workloads are for. */
export const CONSUL_AUDIENCE = "consul.io";

/** Whoever has no token: Consul's own accessor id. https://developer.hashicorp.com/consul/docs/security/acl/tokens#anonymous-token */
const ANONYMOUS = "00000000-0000-0000-0000-000000000002";

const SEE_SERVICES = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
const READ = `${SEE_SERVICES} key_prefix "" { policy = "read" } query_prefix "" { policy = "read" }`;

/** Policies by name. Whoever has no token sees services and nodes, as DNS does, and nothing else. */
const POLICIES = {
  anonymous: SEE_SERVICES,
  "consul-agent": 'node_prefix "" { policy = "write" } service_prefix "" { policy = "read" }',
  // Gateways of the mesh have configuration entries that Nomad writes when their job is registered.
  "nomad-agent":
    'agent_prefix "" { policy = "read" } node_prefix "" { policy = "read" } service_prefix "" { policy = "write" } operator = "write" mesh = "write"',
  templates: READ,
  // As `nomad setup consul` makes it.
  "nomad-tasks": READ,
} as const;

/** What Consul takes for the name of a service that an identity is of; with another one it refuses whoever logs in. */
const SERVICE_NAME = "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$";

/** Tasks of every namespace. */
const TASKS = "nomad-tasks";

const named = v.array(v.object({ Name: v.string() }));
const tokens = v.array(v.object({ SecretID: v.string() }));
const rules = v.nullable(v.array(v.object({ BindName: v.string() })));
const anything = v.unknown();

/**
 * Makes in Consul what a closed cluster needs before its agents and tasks may ask anything. What is there already stays.
 *
 * @param jobs what jobs may do beyond what every task may
 */
export async function setUpConsul({ http }: ConsulClient, own: Tokens, jobs: readonly JobAcl[]): Promise<void> {
  const policies = [...Object.entries(POLICIES), ...jobs.map(({ job, consul }) => [roleOf(job), consul] as const)];
  await addMissing(await http.get(apiPath`/v1/acl/policies`, named), policies, ([name, text]) =>
    http.put(apiPath`/v1/acl/policy`, anything, { body: { Name: name, Rules: text } }),
  );
  const roles = [TASKS, ...jobs.map(({ job }) => roleOf(job))].map((name) => [name] as const);
  await addMissing(await http.get(apiPath`/v1/acl/roles`, named), roles, ([name]) =>
    http.put(apiPath`/v1/acl/role`, anything, { body: { Name: name, Policies: [{ Name: name }] } }),
  );
  const known = new Set((await http.get(apiPath`/v1/acl/tokens`, tokens)).map(({ SecretID }) => SecretID));
  const wanted = [
    ["consul-agent", own.consulAgent],
    ["nomad-agent", own.nomadAgent],
    ["templates", own.templates],
  ] as const;
  for (const [name, secret] of wanted.filter((each) => !known.has(each[1])))
    await http.put(apiPath`/v1/acl/token`, anything, {
      body: { SecretID: secret, Description: name, Policies: [{ Name: name }] },
    });
  await http.put(apiPath`/v1/acl/token/${ANONYMOUS}`, anything, { body: { Policies: [{ Name: "anonymous" }] } });
}

/**
 * Lets the workloads of a region log in to Consul with the identity that its Nomad gives them, as `nomad setup consul` does: services may
 * register themselves, tasks may read.
 *
 * @param method the name of the region's way to log in
 * @param keys the public keys that the region's Nomad signs with, as PEM; they take the place of others
 * @see https://developer.hashicorp.com/nomad/docs/secure/acl/consul
 */
export async function trustWorkloads(
  { http }: ConsulClient,
  {
    method,
    keys,
    jobs,
  }: { readonly method: string; readonly keys: readonly string[]; readonly jobs: readonly JobAcl[] },
): Promise<void> {
  const claims = ["nomad_namespace", "nomad_job_id", "nomad_service"];
  const known = await http.get(apiPath`/v1/acl/auth-methods`, named);
  const isThere = known.some(({ Name }) => Name === method);
  await http.put(isThere ? apiPath`/v1/acl/auth-method/${method}` : apiPath`/v1/acl/auth-method`, anything, {
    body: {
      Name: method,
      Type: "jwt",
      Description: "the identities that Nomad gives to services and tasks",
      TokenLocality: "local",
      Config: {
        JWTValidationPubKeys: keys,
        JWTSupportedAlgs: ["RS256"],
        BoundAudiences: [CONSUL_AUDIENCE],
        ClaimMappings: Object.fromEntries(claims.map((claim) => [claim, claim])),
      },
    },
  });
  const task = '"nomad_service" not in value';
  const bindings = [
    { Selector: '"nomad_service" in value', BindType: "service", BindName: "${value.nomad_service}" },
    { Selector: task, BindType: "role", BindName: TASKS },
    // The certificate of a service is for the tasks of the one job of its name. A task may be called as it likes, and so may a job of another namespace.
    {
      Selector: `${task} and value.nomad_namespace == "default" and value.nomad_job_id matches "${SERVICE_NAME}"`,
      BindType: "service",
      BindName: "${value.nomad_job_id}",
    },
    ...jobs.map(({ job }) => ({
      Selector: `${task} and value.nomad_namespace == "default" and value.nomad_job_id == "${job}"`,
      BindType: "role",
      BindName: roleOf(job),
    })),
  ];
  const path: ApiPath = apiPath`/v1/acl/binding-rules`;
  const bound = (await http.get(path, rules, { query: { authmethod: method } })) ?? [];
  await addMissing(
    bound.map(({ BindName }) => ({ Name: BindName })),
    bindings.map((binding) => [binding.BindName, binding] as const),
    ([, binding]) => http.put(apiPath`/v1/acl/binding-rule`, anything, { body: { AuthMethod: method, ...binding } }),
  );
}

function roleOf(job: string): string {
  return `nomad-job-${job}`;
}

/** Adds those of which nothing of their name is there. */
async function addMissing<T extends readonly [string, ...unknown[]]>(
  there: readonly { readonly Name: string }[],
  wanted: readonly T[],
  add: (item: T) => Promise<unknown>,
): Promise<void> {
  const names = new Set(there.map(({ Name }) => Name));
  for (const item of wanted) if (!names.has(item[0])) await add(item);
}
