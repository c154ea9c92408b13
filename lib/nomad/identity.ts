import * as v from "valibot";
import { UserError } from "../jobspec";
import { apiPath } from "./api-path";
import { variableOf, type Connection } from "./connection";
import { ApiError } from "./errors";

/** One of the two servers, by its name. */
type Server = "Nomad" | "Consul";

/** What each server answers to whoever asks, and the other does not know. */
const OWN_QUESTIONS = [
  { server: "Nomad", path: apiPath`/v1/regions`, example: "http://127.0.0.1:4646" },
  { server: "Consul", path: apiPath`/v1/catalog/datacenters`, example: "http://127.0.0.1:8500" },
] as const;
const names = v.pipe(v.array(v.string()), v.minLength(1));

/** Statuses with which a server refuses a path that it does not have. */
const OF_UNKNOWN_PATHS = new Set([400, 404, 405, 501]);

/** Whether an error may come of another server at the address than the one that is meant. */
export function mayBeMistaken(error: unknown): boolean {
  if (error instanceof ApiError) return OF_UNKNOWN_PATHS.has(error.status);
  return error instanceof UserError && error.problems[0]?.rule === "answer";
}

/**
 * Which other server answers at an address, asked of it without a token.
 *
 * @param ask gives the JSON of an answer, or undefined where it is none
 */
export async function otherServer(
  name: string,
  ask: (path: (typeof OWN_QUESTIONS)[number]["path"]) => Promise<unknown>,
): Promise<Server | undefined> {
  for (const { server, path } of OWN_QUESTIONS.filter((question) => question.server !== name))
    if (v.is(names, await ask(path))) return server;
  return undefined;
}

/** That the address is another server's. */
export function wrongServer({ name, address }: Connection, other: Server): UserError {
  const example = OWN_QUESTIONS.find(({ server }) => server === name)?.example;
  const message = `a ${other} answers at ${address}, and no ${name}; write the address of ${name} into it${example ? `, such as ${example}` : ""}`;
  return UserError.at(variableOf(name, "address") ?? "", message, "wrong-service");
}
