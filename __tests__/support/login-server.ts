import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A site with a login: a form, and a redirect to whoever asked for the login, as OAuth has it. */
export interface LoginServer {
  /** The address of its form. A browser's own loopback is 127.0.0.1, so that it is at another address of the node's. */
  readonly address: string;
  /** Where it is, as a list of what browsers may reach has it. */
  readonly place: string;
  /** What was asked of it so far, such as `GET /login`. */
  readonly asked: readonly string[];
  /** The forms that were sent. */
  readonly forms: readonly URLSearchParams[];
  close(): Promise<void>;
}

const FORM = `<!doctype html><meta charset="utf-8"><title>Log in</title><body style="margin:0;background:#1144aa">
<form method="post" action="/login"><input type="text" name="user" size="60"><br><br>
<input type="password" name="password" size="60"><br><br><input type="submit" value="Log in"></form>`;

/** @param code what a login with the right password hands over */
export async function loginServer(password: string, code: string): Promise<LoginServer> {
  const asked: string[] = [];
  const forms: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "GET") return void response.setHeader("content-type", "text/html; charset=utf-8").end(FORM);
    void bodyOf(request).then((body) => {
      const form = new URLSearchParams(body);
      forms.push(form);
      const isRight = form.get("password") === password;
      const location = isRight ? `http://127.0.0.1:8976/callback?code=${code}&state=s-1` : "/login";
      response.writeHead(302, { location }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.2", resolve));
  const place = `127.0.0.2:${(server.address() as AddressInfo).port}`;
  return {
    address: `http://${place}/login`,
    place,
    asked,
    forms,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
