import { closeSync, writeFileSync } from "node:fs";
import { UserError } from "../../jobspec";
import { openPrivateFile } from "../../private-files";
import { createToken, SCOPES, tokenText, type Scope } from "../../service";
import { term } from "../../text";
import { argument, command, value, values } from "../command";
import { EXIT } from "../exit-codes";

/** Makes a token of the pools' service. */
export const poolToken = command({
  name: "token",
  summary: "create a token of the service: it is printed once, and its line has the hash alone",
  arguments: { action: argument("create", "create") },
  options: {
    owner: value("name", "whose it is: the only owner that it acts for, without the scope any-owner"),
    scope: values("scope", `what it may: one of ${SCOPES.join(", ")}`),
    file: value("path", "the file, of mode 600, that its line is added to; printed where nothing is said"),
  },
  examples: [
    "cdk-nomad pool token create --owner user-42 --scope execute --scope claim --file tokens.jsonl",
    "cdk-nomad pool token create --owner monitoring --scope read",
  ],
  exitCodes: { [EXIT.ok]: "the token is printed" },
  interrupted: term`a token may have been written: look at the end of the file`,
  run({ action, owner, scope, file }, { terminal }) {
    if (action !== "create") throw UserError.at("action", `"${action}" is not known; write create`, "option");
    if (owner === undefined) throw UserError.at("--owner", "is missing; write whose the token is", "option");
    const scopes = scope.map(scopeOf);
    if (scopes.length === 0) throw UserError.at("--scope", `is missing; write some of ${SCOPES.join(", ")}`, "option");
    const { token, line } = createToken({ owner, scopes });
    if (file !== undefined) append(file, tokenText(line));
    // Byte for byte, since it is told this once: masking would hide it.
    terminal.handOver(token);
    if (file === undefined) {
      terminal.note(term`keep the token; the line for the service's tokens is:`);
      terminal.handOver(tokenText(line));
    } else terminal.note(term`its line is added to ${file}; keep the token, it is not shown again`);
    return Promise.resolve(EXIT.ok);
  },
});

function scopeOf(text: string): Scope {
  const found = SCOPES.find((scope) => scope === text);
  if (found === undefined) throw UserError.at("--scope", `"${text}" is none of ${SCOPES.join(", ")}`, "option");
  return found;
}

function append(path: string, line: string): void {
  const file = openPrivateFile(path, "a");
  try {
    writeFileSync(file, `${line}\n`);
  } finally {
    closeSync(file);
  }
}
