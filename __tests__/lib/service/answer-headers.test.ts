import { testService } from "../../support/service";

const KEPT = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

test("no cache keeps what any route answers, and no browser takes it for anything else", async () => {
  const service = await testService();
  const token = service.token("ann", "claim", "execute", "read", "admin");
  const { paths } = (await service.ask("", "GET", "/openapi.json")).body as { paths: Record<string, object> };
  const routes = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((each) => [each, path]));
  expect(routes.length).toBeGreaterThan(10);
  for (const [method = "", path = ""] of [...routes, ["get", "/nothing"]])
    for (const asker of [token, ""]) {
      const body = method === "post" ? {} : undefined;
      const url = path.replaceAll(/\{\w+\}/g, "x");
      const { status, headers } = await service.ask(asker, method.toUpperCase() as "GET", url, body);
      expect({ method, path, status, headers }).toMatchObject({ headers: KEPT });
    }
});

test("a command's output that is streamed says so too", async () => {
  const service = await testService();
  const token = service.token("ann", "execute");
  const command = { userId: "ann", provider: "openai", command: "true" };
  const lines = { accept: "application/x-ndjson" };
  const { status, headers } = await service.ask(token, "POST", "/api/execute", command, lines);
  expect({ status, headers }).toMatchObject({ status: 200, headers: KEPT });
});
