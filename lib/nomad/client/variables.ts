import * as v from "valibot";
import { list, nothing, variable, variableStub, type Variable, type VariableStub } from "../answers";
import { ClusterRequests } from "./cluster";
import { apiPath } from "../api-path";
import { ApiError } from "../errors";
import type { BlockingOptions } from "../http";

/** The last step of a path that no variable of anybody's has. */
const NOBODYS = "~";

/** Nomad's variables. */
export abstract class VariableRequests extends ClusterRequests {
  /**
   * The variables under a prefix, without what is in them, once something below it is newer than an index.
   *
   * Nomad leaves out of a list what the token may not read, and says nothing of it; a variable is refused instead, whether it is there or not. So where the list is
   * empty, or has to be complete, one is asked for that nobody has.
   *
   * @throws UserError where variables below the prefix may not be read
   * @see https://developer.hashicorp.com/nomad/api-docs/variables/variables#list-variables
   */
  async watchVariables(
    prefix: string,
    options: BlockingOptions,
  ): Promise<{ readonly value: readonly VariableStub[]; readonly index: number }> {
    const found = await this.http.watch(apiPath`/v1/vars`, list(variableStub), { ...options, query: { prefix } });
    if (options.complete === true || found.value.length === 0)
      await this.variable(`${prefix}${NOBODYS}`, options.signal);
    return found;
  }

  /** A variable with what is in it, or undefined. */
  async variable(path: string, signal?: AbortSignal): Promise<Variable | undefined> {
    return this.http.find(apiPath`/v1/var/${path}`, variable, { signal });
  }

  /**
   * Writes a variable, if it has the modify index that is named.
   *
   * @param index 0 where it must not be there
   * @returns the variable, or undefined where it has another modify index
   * @see https://developer.hashicorp.com/nomad/api-docs/variables/variables#create-variable
   */
  async setVariable(
    path: string,
    items: Readonly<Record<string, string>>,
    index: number,
    signal?: AbortSignal,
  ): Promise<VariableStub | undefined> {
    const answer = await this.http.putIf(apiPath`/v1/var/${path}`, variableStub, v.unknown(), {
      body: { Path: path, Items: items },
      query: { cas: index },
      signal,
    });
    return "value" in answer ? answer.value : undefined;
  }

  /** Removes a variable, if it has this modify index. @returns false where it has another */
  async deleteVariable(path: string, index: number, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.http.delete(apiPath`/v1/var/${path}`, nothing, { query: { cas: index }, signal });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return false;
      throw error;
    }
  }
}
