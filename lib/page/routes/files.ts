import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply } from "fastify";
import { documentHeaders } from "../../service";
import { loadFiles, type PageFiles } from "../files";

/** No text that the page shows becomes a document or a script (Trusted Types). */
const HEADERS = {
  ...documentHeaders({ "require-trusted-types-for": "'script'", "trusted-types": "'none'" }),
  "cache-control": "no-cache",
};

const DOCUMENT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>cdk-nomad</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/page.css">
<script type="module" src="/page/page.js"></script>
</head>
<body>
<div id="page"><noscript>This page needs JavaScript. cdk-nomad status says the same in a terminal.</noscript></div>
</body>
</html>
`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b6e4f"/><path d="M4 12V4l8 8V4" fill="none" stroke="#fff" stroke-width="2"/></svg>\n`;

/** The document and what it loads: for everybody, since nothing of a cluster stands in it. */
export function fileRoutes(app: FastifyInstance): void {
  let files: Promise<PageFiles> | undefined;
  const loaded = () => (files ??= loadFiles());
  const own = (url: string, type: string, text: () => Promise<string>) =>
    app.get(url, { config: { scope: "public", page: "shown" }, schema: { hide: true } }, async (request, reply) =>
      send(request.headers["if-none-match"], reply, type, await text()),
    );
  own("/", "text/html; charset=utf-8", () => Promise.resolve(DOCUMENT));
  own("/page/icon.svg", "image/svg+xml", () => Promise.resolve(ICON));
  own("/page/page.js", "text/javascript; charset=utf-8", async () => (await loaded()).script);
  own("/page/page.css", "text/css; charset=utf-8", async () => (await loaded()).style);
}

function send(known: string | undefined, reply: FastifyReply, type: string, text: string) {
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  reply.headers({ ...HEADERS, etag });
  if (known === etag) return reply.code(304).send();
  return reply.type(type).send(text);
}
