import { Identity, type Task, type TaskSecret } from "../blocks";
import type { Place } from "../engine";
import { checkLimits } from "./effective";
import { each } from "./walk";

const NAME = /^[a-zA-Z0-9_-]{1,128}$/;
const SECRET_NAME = /^[a-zA-Z0-9_]{1,128}$/;
const DEFAULT = "default";

/** The tokens of a task. */
export function identities(task: Task, at: Place): void {
  if (task.identity) identity(task.identity, at.property("identity"));
  const named = each<Identity>(task.identities, at, "identities");
  for (const { value, at: place } of named) {
    identity(value, place);
    if (value.name && value.name !== DEFAULT) adviseIdentity(value, place);
  }
  const defaults = named.filter(({ value }) => (value.name || DEFAULT) === DEFAULT);
  for (const { at: place } of defaults.slice(1))
    place
      .property("name")
      .error("identity/duplicate", "two identities are the default one; write a name for one of them");
}

function identity(value: Identity, at: Place): void {
  const name = value.name || DEFAULT;
  if (!NAME.test(name))
    at.property("name").error(
      "identity/name",
      `"${name}" is no name; write letters, digits, dashes and underscores, 128 at most`,
    );
  if (name !== DEFAULT && value.audience?.includes(""))
    at.property("audience").error("identity/audience", "holds an empty text; remove it");
  checkLimits(Identity, value, (property) => at.property(property));
  if (value.changeMode === "signal") {
    if (!value.changeSignal)
      at.property("changeSignal").error("identity/signal", 'changeMode "signal" needs one; write "SIGHUP", say');
  } else if (value.changeSignal) {
    at.property("changeSignal").error(
      "identity/signal",
      'goes with changeMode "signal" only; remove it, or write changeMode: "signal"',
    );
  }
  const ttl = value.ttl?.nanoseconds ?? 0;
  if (ttl > 0 && name === DEFAULT)
    at.property("ttl").error(
      "identity/ttl",
      "the default identity has no time to live; write a name for this one, or remove it",
    );
  if (ttl < 0) at.property("ttl").error("identity/ttl", `${value.ttl} is negative; write zero or more`);
  if (value.filepath && !value.file)
    at.property("filepath").error("identity/file", "says where a file is that is not written; write file: true");
}

/** What makes a token less secure than it could be. */
export function adviseIdentity(value: Identity, at: Place): void {
  const audiences = value.audience?.length ?? 0;
  if (audiences === 0)
    at.property("audience").warning("identity/advice", "a token for anybody is insecure; write for whom it is");
  else if (audiences > 1)
    at.property("audience").warning(
      "identity/advice",
      "a token for several is less secure; write an identity for each",
    );
  if (!value.ttl || value.ttl.nanoseconds === 0)
    at.property("ttl").warning(
      "identity/advice",
      "a token that never runs out is insecure; write Duration.hours(1), say",
    );
  if (value.env && value.changeMode !== "restart")
    at.property("env").warning(
      "identity/advice",
      'a running task does not see a new token; write changeMode: "restart"',
    );
}

/** Secrets that are fetched before the task starts. */
export function secrets(task: Task, taskAt: Place): void {
  const seen = new Set<string>();
  for (const { value, at } of each<TaskSecret>(task.secrets, taskAt, "secrets")) {
    const { name = "", provider = "" } = value;
    if (!SECRET_NAME.test(name))
      at.property("name").error(
        "secret/name",
        `"${name}" is no name; write letters, digits and underscores, 128 at most`,
      );
    if (seen.has(name))
      at.property("name").error("secret/duplicate", `"${name}" is the name of two secrets; write another`);
    seen.add(name);
    if (provider === "")
      at.property("provider").error("secret/provider", 'is empty; write "nomad" or "vault", or the name of a plugin');
    if (value.path === "") at.property("path").error("secret/path", "is empty; write where the secret is");
    if (provider === "vault" && !task.vault)
      at.property("provider").error("secret/vault", "the task has no access to Vault; write vault: new Vault()");
    const own = provider === "nomad" || provider === "vault";
    if (own && value.env && Object.keys(value.env).length > 0)
      at.property("env").error("secret/env", `"${provider}" takes no environment; remove it`);
    if (!own && value.config && Object.keys(value.config).length > 0)
      at.property("config").error("secret/config", "a plugin takes no config; write env");
  }
}

/** Access to Vault. */
export function vault({ vault: settings }: Task, at: Place): void {
  if (settings?.policies?.includes("root")) {
    const message = '"root" lets the task do everything; write the policies that it needs';
    at.property("vault").property("policies").error("vault/root-policy", message);
  }
  if (settings?.changeMode === "signal" && settings.changeSignal === "") {
    const message = 'changeMode "signal" needs one; write "SIGHUP", say';
    at.property("vault").property("changeSignal").error("vault/signal", message);
  }
}
