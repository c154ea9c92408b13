/** A reference to the environment of a task, as in `${NOMAD_ALLOC_ID}`. */
const REFERENCE = /\$\{[a-zA-Z0-9_\-.]+\}/g;

/** Whether some of this text is filled in later. */
export function hasReference(text: string): boolean {
  return text.search(REFERENCE) >= 0;
}

/** The text with something in the place of its references; a reference stays where nothing is known for it. */
export function replaceReferences(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(REFERENCE, (reference) => valueOf(reference.slice(2, -1)) ?? reference);
}

const SERVICE = /^(?:[a-z0-9]|[a-z0-9][a-z0-9-]{0,61}[a-z0-9])$/i;

/** Whether a service may have this name (RFC 1123), whatever its references become. */
export function isServiceName(name: string): boolean {
  return SERVICE.test(replaceReferences(name, () => "ENV-VAR"));
}

/** Whether this can be a host name: labels of 63 bytes, 254 in all. */
export function isHostName(name: string): boolean {
  // The root of all names is one.
  if (name === ".") return true;
  const plain = name.endsWith(".") ? name.slice(0, -1) : name;
  const size = new TextEncoder().encode(plain).length;
  return plain !== "" && size <= 254 && plain.split(".").every((label) => label !== "" && label.length <= 63);
}

/** Whether a relative path leaves the directory that it starts in, `levels` below the allocation's. */
export function leavesAllocation(path: string, levels: number): boolean {
  const steps: string[] = [];
  // An absolute path is taken as relative; what goes above the root of the file system stays there.
  const root = ["alloc-dir", "alloc-id", ...Array.from({ length: levels }, () => "task")];
  for (const step of [...root, ...path.split("/")]) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return steps[0] !== "alloc-dir" || steps[1] !== "alloc-id";
}

/** Why this is no path of an http check, or undefined. */
export function wrongCheckPath(path: string): string | undefined {
  if (/[\u0000-\u001f\u007f]/.test(path)) return "holds a control character; remove it";
  const [beforeFragment = ""] = path.split("#");
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(path)) return `is a whole URL; write its path alone`;
  if (beforeFragment.startsWith(":")) return "starts with a colon; write a path such as /health";
  const [pathOnly = ""] = beforeFragment.split("?");
  if (/%(?![0-9a-fA-F]{2})/.test(pathOnly)) return "holds a % that is no escape; write %25";
  if (!pathOnly.startsWith("/") && (pathOnly.split("/")[0] ?? "").includes(":"))
    return "has a colon in its first segment; write a slash before it";
  return undefined;
}

/** The methods of HTTP that Nomad's own checks know. */
export const HTTP_METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
]);
