import Ajv2020 from "ajv/dist/2020";
import { SCOPES } from "../../../lib/service";
import { testService, type Said, type TestService } from "../../support/service";

/** The part of an OpenAPI document that answers are held against. */
interface Document {
  readonly openapi: string;
  readonly components: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<
  Record<string, { readonly schema: object & { readonly examples?: readonly unknown[] }; readonly example?: unknown }>
>;

const ajv = new Ajv2020({ strict: false });

async function documentOf(service: TestService): Promise<Document> {
  return (await service.ask("", "GET", "/openapi.json")).body as unknown as Document;
}

/** What is wrong with an answer, by the document; undefined where nothing is. */
function wrongWith(document: Document, method: string, path: string, said: Said): unknown {
  const operation = document.paths[path]?.[method.toLowerCase()];
  const answer = operation?.responses[String(said.status)];
  if (!answer) return `${method} ${path} may not answer ${said.status}: ${said.text}`;
  if (said.text === "") return answer.content === undefined ? undefined : "it is empty";
  const type = String(said.headers["content-type"]).replace(/;.*/, "");
  const schema = answer.content?.[type]?.schema;
  if (!schema) return `${method} ${path} may not answer ${said.status} as ${type}`;
  const check = ajv.compile({ ...schema, components: document.components });
  return check(type.includes("json") && !type.includes("ndjson") ? said.body : said.text) ? undefined : check.errors;
}

test("is of OpenAPI 3.1, and has a name, a summary, a scope and examples for every route", async () => {
  const document = await documentOf(await testService());
  expect(document.openapi).toBe("3.1.0");
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual([
    "claimContainer",
    "createOneTimeToken",
    "drainPool",
    "endSession",
    "execute",
    "executeInContainer",
    "fillPool",
    "getContainer",
    "getPoolHistory",
    "getSession",
    "health",
    "listContainers",
    "listDependencies",
    "listPools",
    "metrics",
    "openSession",
    "readiness",
    "recyclePool",
    "releaseContainer",
    "renewContainer",
    "resizePool",
  ]);
  for (const { operationId, summary, security, requestBody, responses } of operations) {
    expect([operationId, summary, security]).toEqual([operationId, expect.any(String), expect.any(Array)]);
    const good = Object.entries(responses).filter(([status]) => status.startsWith("2"));
    for (const content of [requestBody?.content, ...good.map(([, answer]) => answer.content)])
      for (const [type, { schema, example: of }] of Object.entries(content ?? {}))
        for (const example of type.includes("ndjson") ? [] : (schema.examples ?? [of])) {
          const check = ajv.compile({ ...schema, components: document.components });
          expect([operationId, type, check(example), check.errors]).toEqual([operationId, type, true, null]);
        }
  }
});

test("every answer, good and bad, is as it says", async () => {
  let time = 0;
  // What the cluster says of itself is asked for each time.
  const service = await testService({ limits: { jobs: 0 }, now: () => (time += 1000) });
  const document = await documentOf(service);
  const token = service.token("ann", ...SCOPES);
  const eve = service.token("eve", "claim");
  const asked: [string, string, Said][] = [];
  const ask = async (
    who: string,
    method: "GET" | "POST" | "DELETE",
    path: string,
    url: string,
    body?: object,
    headers = {},
  ) => {
    const said = await service.ask(who, method, url, body, headers);
    asked.push([method, path, said]);
    return said;
  };
  const { id, generation } = (
    await ask(token, "POST", "/api/containers", "/api/containers", { pool: "warm-pool-openai" })
  ).body;
  const held = `/api/containers/${String(id)}`;
  const good = { "lease-generation": String(generation) };
  await ask(token, "POST", "/api/containers", "/api/containers", { pool: "none" });
  await ask(token, "POST", "/api/containers", "/api/containers", { pool: 1 });
  await ask(eve, "POST", "/api/containers", "/api/containers", { pool: "warm-pool-openai", owner: "ann" });
  await ask(token, "GET", "/api/containers", "/api/containers?all=true");
  await ask(token, "GET", "/api/containers", "/api/containers?all=perhaps");
  await ask(token, "GET", "/api/containers/{id}", held);
  await ask(token, "GET", "/api/containers/{id}", "/api/containers/none");
  for (const headers of [
    good,
    { "lease-generation": "99" },
    {},
    { "lease-generation": "x" },
    { ...good, accept: "application/x-ndjson" },
  ])
    await ask(token, "POST", "/api/containers/{id}/execute", `${held}/execute`, { command: "id" }, headers);
  await ask(token, "POST", "/api/containers/{id}/renew", `${held}/renew`, {}, good);
  await ask(token, "DELETE", "/api/containers/{id}", held, undefined, { "lease-generation": "99" });
  await ask(token, "DELETE", "/api/containers/{id}", held, undefined, good);
  const command = { userId: "ann", provider: "openai", command: "id" };
  await ask(token, "POST", "/api/execute", "/api/execute", command);
  await ask(eve, "POST", "/api/execute", "/api/execute", command);
  await ask("", "POST", "/api/execute", "/api/execute", command);
  await ask(token, "POST", "/api/execute", "/api/execute", { ...command, provider: "x" });
  service.pools.command = () => Promise.reject(new Error("x"));
  await ask(token, "POST", "/api/execute", "/api/execute", command);
  service.pools.free = [];
  await ask(token, "POST", "/api/execute", "/api/execute", command);
  await ask(token, "POST", "/api/containers", "/api/containers", { pool: "warm-pool-openai" });
  await ask(token, "GET", "/api/pools", "/api/pools");
  for (const verb of ["drain", "fill", "recycle"])
    for (const pool of ["warm-pool-openai", "none"])
      await ask(token, "POST", `/api/pools/{pool}/${verb}`, `/api/pools/${pool}/${verb}`);
  await ask("", "GET", "/healthz", "/healthz");
  await ask("", "GET", "/readyz", "/readyz");
  await ask(token, "GET", "/api/dependencies", "/api/dependencies");
  service.pools.trouble = "Nomad does not answer";
  await ask("", "GET", "/readyz", "/readyz");
  await ask(token, "GET", "/metrics", "/metrics");
  expect(asked.flatMap(([method, path, said]) => wrongWith(document, method, path, said) ?? [])).toEqual([]);
  expect(new Set(asked.map(([, , { status }]) => status))).toEqual(
    new Set([200, 201, 204, 400, 401, 403, 404, 409, 428, 429, 500, 503]),
  );
});
