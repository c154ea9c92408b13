import { closeSync, writeFileSync } from "node:fs";
import { UserError } from "../../jobspec";
import { openPrivateFile } from "../../private-files";
import { createToken, SCOPES, tokenText, type Scope } from "../../service";
import { term } from "../../text";
import { command, literal, required, value, values } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

/** Makes a token of the pools' service. */
export const poolToken = command({
  name: "token",
  summary: "create a token of the service: it is printed once, and its line has the hash alone",
  arguments: { action: literal("create", "make one") },
  options: {
    owner: required(
      value("name", "whose it is: the only owner that it acts for, without the scope any-owner"),
      "whose the token is",
    ),
    scope: required(values("scope", `what it may: one of ${SCOPES.join(", ")}`), `some of ${SCOPES.join(", ")}`),
    file: value("path", "the file, of mode 600, that its line is added to; printed where nothing is said"),
    ...json,
  },
  examples: [
    "cdk-nomad pool token create --owner user-42 --scope execute --scope claim --file tokens.jsonl",
    "cdk-nomad pool token create --owner monitoring --scope read",
  ],
  exitCodes: { [EXIT.ok]: "the token is printed" },
  interrupted: term`a token may have been written: look at the end of the file`,
  run({ owner, scope, file, json: asJson }, { terminal }) {
    const { token, line } = createToken({ owner, scopes: scope.map(scopeOf) });
    if (file !== undefined) append(file, tokenText(line));
    // Byte for byte, since it is told this once: masking would hide it.
    if (asJson) {
      const { id } = line;
      const kept = file === undefined ? { line: tokenText(line) } : { file };
      terminal.handOver(JSON.stringify({ token, id, owner, scopes: line.scopes, ...kept }, undefined, 2));
      return Promise.resolve(EXIT.ok);
    }
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
