import { isImplied } from "../../lib/jobspec/host";
import { comparable } from "./corpus";

type Json = Record<string, unknown>;

/** What only a server knows, or makes out of chance. */
const OF_THE_SERVER =
  /^(?:Status|StatusDescription|Stable|Version|SubmitTime|CreateIndex|ModifyIndex|JobModifyIndex|NomadTokenID|Target|Update)$/;
/** A port that a server makes for an exposed check. */
const EXPOSED = /^svc_.*_ck_\w{6}$/;

/** Two jobs in one form: without what only a server knows, in which nothing is the same as the empty value. */
function inOneForm(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const meant = value.filter((item) => !(key === "Constraints" && isImplied(item as Json)) && !isOfExposed(item));
    return meant.map((item) => inOneForm(item));
  }
  if (typeof value !== "object" || value === null) return typeof value === "string" && EXPOSED.test(value) ? "" : value;
  const isPolicy = "Policy" in value;
  const isService = "AddressMode" in value;
  const entries = Object.entries(value)
    .filter(([name]) => !(isPolicy ? /^(?:ID|CreateIndex|ModifyIndex|Target|Namespace)$/ : /^$/).test(name))
    .filter(([name]) => !(isService && name === "Namespace"))
    // Nomad's keys of a link of the user interface, and what it no longer keeps.
    .map(([name, item]) => [name === "Url" ? "URL" : name, inOneForm(item, name)] as const)
    .filter(([name, item]) => name !== "DiskMB" && name !== "MaxRunDuration" && !isEmpty(item));
  return Object.fromEntries(entries);
}

function isOfExposed(item: unknown): boolean {
  const { Label, ListenerPort } = (item ?? {}) as Json;
  return [Label, ListenerPort].some((name) => typeof name === "string" && EXPOSED.test(name));
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}

/** A job as a server holds it, in one form: without what only a server knows, and without what is the same as nothing. */
export function asRegistered(job: unknown): unknown {
  return comparable(
    Object.fromEntries(Object.entries(inOneForm(job) as Json).filter(([key]) => !OF_THE_SERVER.test(key))),
  );
}
