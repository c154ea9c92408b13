import { existsSync, lstatSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PoolServiceJob, SERVICE_TOKENS } from "../pools";
import { ignoredFolder, writeWholePrivateFile } from "../private-files";
import { createToken, readTokens, SCOPES, TokenBook, tokenText } from "../service";

/** The token of whoever started the cluster, for the service of the same project. */
export interface OwnToken {
  /** The file with the token, which nobody else may read. */
  readonly file: string;
}

/** Where the pools' service of dev is: its usual port, moved as those of the embedded cluster are. */
export function serviceAddress(portOffset: number): string {
  return `http://127.0.0.1:${PoolServiceJob.PORT + portOffset}`;
}

/** The file of a project's own token; undefined where none was made. */
export function ownServiceToken(project: string): string | undefined {
  const file = tokenFileOf(project);
  return existsSync(file) ? file : undefined;
}

/** Makes a token for a project's own service, unless there is one that its file of tokens knows. Both files are for their owner alone. */
export function ensureServiceToken(project: string): OwnToken {
  const tokens = join(project, SERVICE_TOKENS);
  const file = tokenFileOf(project);
  // Behind a link is somebody else's folder, where no token is written and none is left.
  if (lstatSync(dirname(tokens), { throwIfNoEntry: false })?.isSymbolicLink()) removeServiceTokens(project);
  if (isKnown(file, tokens)) return { file };
  ignoredFolder(dirname(dirname(tokens)));
  ignoredFolder(dirname(tokens));
  const { token, line } = createToken({ owner: "dev", scopes: SCOPES });
  const others = existsSync(tokens) ? readFileSync(tokens, "utf8") : "";
  // In the place of what is there, which another name may lead to as well.
  writeWholePrivateFile(tokens, `${others}${tokenText(line)}\n`);
  writeWholePrivateFile(file, `${token}\n`);
  return { file };
}

/** Whether jobs look for their tokens where a project's own service has them. */
export function wantServiceToken(project: string, jobs: readonly object[]): boolean {
  const path = JSON.stringify(join(project, SERVICE_TOKENS));
  return jobs.some((job) => JSON.stringify(job).includes(path));
}

/** Takes away the tokens of a project's own service: they do not outlive its cluster. */
export function removeServiceTokens(project: string): void {
  rmSync(dirname(tokenFileOf(project)), { recursive: true, force: true });
}

function tokenFileOf(project: string): string {
  return join(dirname(join(project, SERVICE_TOKENS)), "token");
}

function isKnown(file: string, tokens: string): boolean {
  if (!existsSync(file) || !existsSync(tokens)) return false;
  const book = new TokenBook(readTokens(readFileSync(tokens, "utf8"), tokens));
  return book.find(readFileSync(file, "utf8").trim()) !== undefined;
}
