import type { RuleId } from "../catalog";
import type { Artifact, Task, Template } from "../blocks";
import { type Place } from "../engine";
import { hasReference, leavesAllocation } from "./grammar";
import { each } from "./walk";

/** Templates that can be rendered somewhere, each to a file of its own. */
export function templates(task: Task, taskAt: Place): void {
  const seen = new Set<string>();
  for (const { value, at } of each<Template>(task.templates, taskAt, "templates")) {
    const { destination = "" } = value;
    const place = at.property("destination");
    if (seen.has(destination))
      place.error("template/destination", `"${destination}" is written by two templates; write another`);
    seen.add(destination);
    if (destination === "") place.error("template/destination", 'is empty; write a path, such as "local/app.env"');
    else escapes(destination, place, "template/destination");
    if (!value.data && !value.source)
      at.property("data").error("template/content", "has neither data nor source; write one");
    change(value, at);
    if (value.perms && !(/^[0-7]+$/.test(value.perms) && parseInt(value.perms, 8) < 4096))
      at.property("perms").error("template/perms", `"${value.perms}" is no octal mode; write "644", say`);
    const { min, max } = value.wait ?? {};
    if (min && max && min.nanoseconds > max.nanoseconds)
      at.property("wait")
        .property("min")
        .error("template/wait", `${min} is longer than the longest wait, ${max}; shorten it`);
  }
}

function change(value: Template, at: Place): void {
  if (value.changeMode === "signal") {
    if (value.changeSignal === "")
      at.property("changeSignal").error("template/signal", 'changeMode "signal" needs one; write "SIGHUP", say');
    if (value.env) {
      const message = 'the environment of a running task cannot change; write "restart" or "noop"';
      at.property("changeMode").error("template/signal", message);
    }
  }
  if (value.changeMode !== "script") return;
  if (!value.changeScript) {
    const message = 'changeMode "script" needs one; write new ChangeScript({ command: "…" })';
    at.property("changeScript").error("template/script", message);
  } else if (!value.changeScript.command) {
    at.property("changeScript").property("command").error("template/script", "is empty; write the program to run");
  }
}

function escapes(path: string, at: Place, rule: RuleId): void {
  if (!path.includes("..")) return;
  if (leavesAllocation(path, 1)) at.error(rule, `"${path}" leaves the task's directory; write a path inside it`);
}

const CHECKSUMS: Readonly<Record<string, number>> = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };

/** Artifacts that are put inside the task's directory, with sums that can be checked. */
export function artifacts(task: Task, taskAt: Place): void {
  for (const { value, at } of each<Artifact>(task.artifacts, taskAt, "artifacts")) {
    if (value.destination) escapes(value.destination, at.property("destination"), "artifact/destination");
    checksum(value, at.property("options").property("checksum"));
  }
}

function checksum({ options }: Artifact, at: Place): void {
  if (!options || !Object.hasOwn(options, "checksum")) return;
  const given = options.checksum ?? "";
  if (hasReference(given)) return;
  const [kind = "", sum, ...rest] = given.trim().split(":");
  const bytes = Object.hasOwn(CHECKSUMS, kind) ? CHECKSUMS[kind] : undefined;
  if (sum === undefined || rest.length > 0)
    at.error("artifact/checksum", `"${given}" is no checksum; write it as "sha256:…"`);
  else if (bytes === undefined)
    at.error("artifact/checksum", `"${kind}" is not known; write one of ${Object.keys(CHECKSUMS).join(", ")}`);
  else if (!/^[0-9a-f]*$/i.test(sum) || sum.length !== bytes * 2)
    at.error("artifact/checksum", `"${sum}" is no ${kind} sum; write ${bytes * 2} hexadecimal digits`);
}
