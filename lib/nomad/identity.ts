import * as v from "valibot";
import { ForeignAnswer, WrongServer } from "../errors";
import { ownAndOthers } from "./answers";
import { apiPath, type ApiPath } from "./api-path";
import { variableOf, type Connection } from "./connection";
import { ApiError } from "./errors";
import { hasOwnWords } from "./stranger";

/** One of the two servers, by its name. */
type Server = "Nomad" | "Consul";

/** What each server answers to whoever asks, and the other does not know. */
const OWN_QUESTIONS = [
  { server: "Nomad", path: apiPath`/v1/regions`, example: "http://127.0.0.1:4646" },
  { server: "Consul", path: apiPath`/v1/catalog/datacenters`, example: "http://127.0.0.1:8500" },
] as const;

/** Statuses with which a server refuses a path that it does not have. */
const OF_UNKNOWN_PATHS = new Set([400, 404, 405, 501]);

/** Whether an error may come of another server at the address than the one that is meant. */
export function mayBeMistaken(error: unknown): boolean {
  if (error instanceof ApiError) return OF_UNKNOWN_PATHS.has(error.status) && !hasOwnWords(error.body);
  return error instanceof ForeignAnswer;
}

/**
 * Which of the two servers answers at an address, asked of it without a token: first whether it is the one that is meant.
 *
 * @param name of the server that is meant
 * @param ask gives the JSON of an answer, or undefined where it is none
 * @returns undefined where it is neither
 */
export async function serverAt(name: string, ask: (path: ApiPath) => Promise<unknown>): Promise<Server | undefined> {
  const meantFirst = OWN_QUESTIONS.toSorted((a, b) => Number(b.server === name) - Number(a.server === name));
  for (const { server, path } of meantFirst) if (v.is(ownAndOthers, await ask(path))) return server;
  return undefined;
}

/** Whether another server answers at an address than the one that is meant: nothing that is asked there will go well. */
export function isWrongServer(error: unknown): boolean {
  return error instanceof WrongServer;
}

/** Says that the address is another server's. */
export function wrongServer({ name, address }: Connection, other: Server): WrongServer {
  const example = OWN_QUESTIONS.find(({ server }) => server === name)?.example;
  const message = `a ${other} answers at ${address}, and no ${name}; write the address of ${name} into it${example ? `, such as ${example}` : ""}`;
  return new WrongServer(variableOf(name, "address") ?? "", message);
}
