import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { privateFolder, writePrivateFile, writeWholePrivateFile } from "../../private-files";

/** The tokens of a closed cluster. */
export interface Tokens {
  /** Nomad's management token, of whoever started the cluster. */
  readonly nomad: string;
  /** Consul's management token, of whoever started the cluster. */
  readonly consul: string;
  /** What the Consul agents of further regions register themselves with. */
  readonly consulAgent: string;
  /** What the Nomad agents ask Consul with. */
  readonly nomadAgent: string;
  /** What templates of tasks read from Consul with that ask for no identity of their own. */
  readonly templates: string;
}

const NAMES = ["nomad", "consul", "consulAgent", "nomadAgent", "templates"] as const satisfies (keyof Tokens)[];

function tokensBy(token: (name: keyof Tokens) => string): Tokens {
  return Object.fromEntries(NAMES.map((name) => [name, token(name)])) as Record<(typeof NAMES)[number], string>;
}

/** The file of a token, which nobody but its owner may read: the token and nothing else. */
export function tokenFileOf(folder: string, name: keyof Tokens): string {
  return join(tokensFolder(folder), name);
}

/** The tokens of the cluster whose folder this is; undefined where one is missing. */
export function readTokens(folder: string): Tokens | undefined {
  try {
    const read = (name: keyof Tokens) => readFileSync(tokenFileOf(folder, name), "utf8").trim();
    return tokensBy(read);
  } catch {
    return undefined;
  }
}

/** Makes tokens for a cluster that is started, and keeps them in its folder. */
export function makeTokens(folder: string): Tokens {
  const tokens = tokensBy(() => randomUUID());
  removeTokens(folder);
  privateFolder(tokensFolder(folder));
  for (const name of NAMES) writePrivateFile(tokenFileOf(folder, name), `${tokens[name]}\n`);
  return tokens;
}

/** Makes another management token for a Nomad that is started again with nothing of what it knew. @returns all tokens */
export function renewNomadToken(folder: string, tokens: Tokens): Tokens {
  const nomad = randomUUID();
  writeWholePrivateFile(tokenFileOf(folder, "nomad"), `${nomad}\n`);
  return { ...tokens, nomad };
}

/** Takes the tokens away: they do not outlive their cluster. */
export function removeTokens(folder: string): void {
  rmSync(tokensFolder(folder), { recursive: true, force: true });
}

/** Where the tokens of a cluster are. */
export function tokensFolder(folder: string): string {
  return join(folder, "tokens");
}
