import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { documentHeaders } from "./document-headers";

/** A file that the page of a browser session loads. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

/** The screen is drawn of pictures that noVNC makes in the page (`data:`). */
export const PAGE_HEADERS = { ...documentHeaders({ "img-src": "'self' data:" }), "cache-control": "no-store" };

/** Where its files are. */
export const PAGE_FILES = "/browser-files";

/** The page of a session: its ticket stands behind the `#`, which no browser sends to a server, and is taken away at once. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Browser session</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${PAGE_FILES}/page.css">
<script type="module" src="${PAGE_FILES}/page.js"></script>
</head>
<body>
<header><h1>Browser session</h1><p id="status" role="status">Loading. Where this stays, load the page again.</p></header>
<main id="screen" aria-label="The screen of the browser session"></main>
</body>
</html>
`;

const STYLE = `:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { margin: 0; height: 100vh; display: flex; flex-direction: column; }
header { display: flex; gap: 1rem; align-items: baseline; padding: 0.4rem 1rem; flex-wrap: wrap; }
h1 { font-size: 1rem; margin: 0; }
p { margin: 0; }
main { flex: 1; min-height: 0; background: #222; }
`;

/** How often the page's modules are loaded, each time all of them anew: a browser drops what it is loading where a network of its machine comes or goes, and keeps a module that failed as one. */
const TRIES = 5;

const SCRIPT = `const status = document.getElementById("status");
const say = (text) => { status.textContent = text; };
const load = async (attempt) => {
  try {
    return (await import((attempt === 0 ? "." : "./try-" + attempt) + "/novnc/core/rfb.js")).default;
  } catch (error) {
    if (attempt + 1 === ${TRIES}) throw error;
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    return load(attempt + 1);
  }
};
const connect = (RFB, ticket) => {
  const session = location.pathname.split("/").pop();
  const address = new URL("/api/browser-sessions/" + session + "/screen", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const channel = new WebSocket(address.href, ["binary", "ticket." + ticket]);
  // The service says in a few words why it closes one.
  let why = "";
  channel.addEventListener("close", ({ reason }) => { why = reason; });
  const rfb = new RFB(document.getElementById("screen"), channel, { shared: true });
  rfb.scaleViewport = true;
  rfb.focusOnClick = true;
  rfb.addEventListener("connect", () => { say("Connected"); rfb.focus(); });
  rfb.addEventListener("disconnect", () => {
    say(why ? why[0].toUpperCase() + why.slice(1) + "." : "The connection was lost or refused. Ask for a new link.");
  });
};
const ticket = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
if (!/^[A-Za-z0-9_-]{20,100}$/.test(ticket)) say("This page wants a link of its own: ask for a new one.");
else {
  say("Connecting");
  load(0).then(
    (RFB) => connect(RFB, ticket),
    () => say("The page could not be loaded whole. Ask for a new link."),
  );
}
`;

/** The file that a path below {@link PAGE_FILES} names, which a browser may ask for under a name for each try. */
export function pageFile(files: ReadonlyMap<string, PageFile>, path: string): PageFile | undefined {
  return files.get(path.replace(/^try-[1-9]\//, ""));
}

/** Every file of the page by its path below {@link PAGE_FILES}: read once, so that no path of a request reaches the disk. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>([
    ["page.css", { type: "text/css; charset=utf-8", body: Buffer.from(STYLE) }],
    ["page.js", { type: "text/javascript; charset=utf-8", body: Buffer.from(SCRIPT) }],
  ]);
  const root = dirname(dirname(require.resolve("@novnc/novnc")));
  for (const folder of ["core", "vendor"])
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !path.endsWith(".js")) continue;
      const name = `novnc/${relative(root, path).split(sep).join("/")}`;
      files.set(name, { type: "text/javascript; charset=utf-8", body: readFileSync(path) });
    }
  return files;
}
