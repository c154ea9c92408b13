import { closeSync, writeFileSync } from "node:fs";
import { UserError } from "../../../errors";
import { openPrivateFile } from "../../../private-files";
import { createToken, SCOPES, tokenText, type Scope } from "../../../service";
import { term } from "../../../text";
import { EXIT } from "../../exit-codes";
import type { CliContext } from "../../context";
import type { Input } from "../pool-token";

/** Makes a token of the pools' service. */
export function run({ owner, scope, file, json: asJson }: Input, { terminal }: CliContext) {
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
}

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
