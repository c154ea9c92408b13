import type { Task } from "../blocks";
import { Block, isDeferred, isPlainObject, type Place } from "../engine";
import type { GroupRule } from "./walk";

/** Names under which people put secrets. */
const SECRET_NAME =
  /(?:^|_)(?:API_?KEY|SECRET|SECRET_?KEY|PASSWORD|PASSWD|PRIVATE_?KEY|ACCESS_?KEY|TOKEN|CREDENTIALS?)$/i;
/** Forms that keys of well-known services have. */
const SECRET_FORM =
  /\bsk-[A-Za-z0-9_-]{16,}|\bAIza[A-Za-z0-9_-]{30,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[opsur]_[A-Za-z0-9]{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bhvs\.[A-Za-z0-9_-]{20,}|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;

/** Shorter than any key. */
const SHORTEST = 16;

/** Whether people put secrets under a name such as this. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Whether a text holds something that has the form of a key. */
export function looksSecret(text: string): boolean {
  return text.length >= SHORTEST && SECRET_FORM.test(text);
}

/** Secrets that stand in a job in plain: whoever may read the job, or Terraform's state, may read them. */
export const literals: GroupRule = ({ tasks, value: group, at: groupAt }) => {
  if (group.meta) secretsIn(group.meta, groupAt.property("meta"));
  for (const { value: task, at } of tasks) inTask(task, at);
};

function inTask(task: Task, at: Place): void {
  if (task.env) secretsIn(task.env, at.property("env"));
  if (task.meta) secretsIn(task.meta, at.property("meta"));
  for (const template of task.templates ?? []) {
    if (typeof template.data === "string" && looksSecret(template.data))
      say(at.property("templates").element(template.destination).property("data"));
  }
  const config = task.driver?.config;
  if (config) inConfig(config, at.property("driver"));
}

/** Secrets in plain among texts by name. */
export function secretsIn(map: Readonly<Record<string, string>>, at: Place): void {
  for (const [name, value] of Object.entries(map)) {
    if (typeof value !== "string" || value === "" || isDeferred(value)) continue;
    const named = SECRET_NAME.test(name) && !value.includes("${") && !/^(?:true|false|\d+|none|changeme)$/i.test(value);
    if (named || looksSecret(value)) say(at.property(name));
  }
}

/** Texts anywhere in a driver's configuration. */
function inConfig(value: unknown, at: Place): void {
  if (typeof value === "string") {
    if (looksSecret(value)) say(at);
  } else if (Array.isArray(value)) value.forEach((item, index) => inConfig(item, at.element(index)));
  else if (isPlainObject(value) || value instanceof Block) {
    for (const [name, item] of Object.entries(value)) {
      if (name === "password" && typeof item === "string" && item !== "" && !item.includes("${"))
        say(at.property(name));
      else inConfig(item, at.property(name));
    }
  }
}

function say(at: Place): void {
  at.warning(
    "secret/literal",
    "is a secret in plain; keep it in a Nomad variable or in Vault, and write addSecretEnv({ NAME: Secret.fromNomadVariable(path, key) })",
  );
}
