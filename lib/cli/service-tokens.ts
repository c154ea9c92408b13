import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SERVICE_TOKENS } from "../pools";
import { ignoredFolder, writePrivateFile } from "../private-files";
import { createToken, readTokens, SCOPES, TokenBook, tokenText } from "../service";

/** The token of whoever started the cluster, for the service of the same project. */
export interface OwnToken {
  /** The file with the token, which nobody else may read. */
  readonly file: string;
}

/** Makes a token for a project's own service, unless there is one that its file of tokens knows. Both files are for their owner alone. */
export function ensureServiceToken(project: string): OwnToken {
  const tokens = join(project, SERVICE_TOKENS);
  const file = join(dirname(tokens), "token");
  if (isKnown(file, tokens)) return { file };
  ignoredFolder(dirname(dirname(tokens)));
  ignoredFolder(dirname(tokens));
  const { token, line } = createToken({ owner: "dev", scopes: SCOPES });
  const others = existsSync(tokens) ? readFileSync(tokens, "utf8") : "";
  writePrivateFile(tokens, `${others}${tokenText(line)}\n`);
  writePrivateFile(file, `${token}\n`);
  return { file };
}

function isKnown(file: string, tokens: string): boolean {
  if (!existsSync(file) || !existsSync(tokens)) return false;
  const book = new TokenBook(readTokens(readFileSync(tokens, "utf8"), tokens));
  return book.find(readFileSync(file, "utf8").trim()) !== undefined;
}
