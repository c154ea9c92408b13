import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError, ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../lib/nomad";

let server: Server;
let requests: IncomingMessage[];
let answers: { status: number; body: string }[];

beforeEach(async () => {
  requests = [];
  answers = [];
  server = createServer((request, response) => {
    requests.push(request);
    const { status, body } = answers.shift() ?? { status: 200, body: "[]" };
    response.writeHead(status, { "x-nomad-index": "7" }).end(body);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function withNomad<T>(env: Record<string, string>, work: (client: NomadClient) => Promise<T>): Promise<T> {
  const client = new NomadClient(nomadConnection({ NOMAD_ADDR: address(), ...env }));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

describe("a client", () => {
  test("sends what the usual variables say", async () => {
    await withNomad({ NOMAD_TOKEN: "t", NOMAD_REGION: "west", NOMAD_NAMESPACE: "apps" }, (client) => client.jobs());
    expect(requests[0]?.headers["x-nomad-token"]).toBe("t");
    expect(requests[0]?.url).toBe("/v1/jobs?region=west&namespace=apps");
  });

  test("sends a job to the region and namespace that it names", async () => {
    answers = [{ status: 200, body: '{"EvalID":"e","JobModifyIndex":7}' }];
    await withNomad({ NOMAD_REGION: "west" }, (client) =>
      client.register({ ID: "a", Region: "east", Namespace: "apps" }),
    );
    expect(requests[0]?.url).toBe("/v1/jobs?region=east&namespace=apps");
  });

  test("asks again where the server is busy, and gives up in the end", async () => {
    answers = [
      { status: 503, body: "busy" },
      { status: 429, body: "slow" },
    ];
    expect(await withNomad({}, (client) => client.jobs())).toEqual([]);
    expect(requests).toHaveLength(3);
    answers = Array.from({ length: 10 }, () => ({ status: 503, body: "busy" }));
    await expect(withNomad({}, (client) => client.jobs())).rejects.toThrow();
    expect(requests.length).toBeLessThan(10);
  });

  test("does not send a change twice", async () => {
    answers = [{ status: 503, body: "busy" }];
    await expect(withNomad({}, (client) => client.register({ ID: "a" }))).rejects.toThrow(ApiError);
    expect(requests).toHaveLength(1);
  });

  test("says which variable holds the wrong token, and never the token", async () => {
    answers = [{ status: 403, body: "Permission denied" }];
    const failure = withNomad({ NOMAD_TOKEN: "planted-token" }, (client) => client.jobs());
    await expect(failure).rejects.toThrow(
      /refuses the token for GET \/v1\/jobs: Permission denied; write one with the capability list-jobs into NOMAD_TOKEN; for the embedded cluster, in the folder of its project: eval "\$\(npx cdk-nomad env\)"/,
    );
    await expect(failure).rejects.not.toThrow(/planted/);
  });

  test("says where nobody answers, and what to try", async () => {
    const client = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: "127.0.0.1:9" }));
    await expect(client.leader()).rejects.toThrow(/Consul does not answer at http:\/\/127\.0\.0\.1:9 .*cdk-nomad up/);
    await client.close();
  });

  test("tells what is not there from what failed", async () => {
    answers = [
      { status: 404, body: "job not found" },
      { status: 500, body: "broken" },
    ];
    await withNomad({}, async (client) => {
      expect(await client.job("a")).toBeUndefined();
      await expect(client.job("a")).rejects.toThrow("Nomad answered 500 to GET /v1/job/a: broken");
    });
  });

  test.each([["nowhere at all"], ["ftp://host"]])("%s is no address", (text) => {
    expect(() => nomadConnection({ NOMAD_ADDR: text })).toThrow(/NOMAD_ADDR/);
  });

  test("a certificate that is not there is said with its variable", () => {
    expect(() => new NomadClient(nomadConnection({ NOMAD_CACERT: "/no/such.pem" }))).toThrow(/\/no\/such\.pem/);
  });
});

test("a refusal of a hundred thousand characters is kept as far as a message has room", () => {
  const error = new ApiError("Nomad", "GET", "/v1/jobs", 500, `<h1>no</h1>${"x".repeat(100_000)}`);
  expect(error.message.length).toBeLessThan(5000);
  expect(error.message).toContain("<h1>no</h1>");
  expect(error.message).toContain("the rest is left out");
  expect(error.body.length).toBeLessThan(5000);
});
