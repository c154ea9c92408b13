import type { IConstruct } from "constructs";
import { UserError } from "../errors";

/**
 * Says something of a program or a part of it, for all that is added to it later.
 *
 * @param call the function that was called, for messages
 * @throws UserError where something was added to it before, which might have been made without it
 */
export function setContext(call: string, scope: IConstruct, key: string, value: unknown): void {
  const [first] = scope.node.children;
  if (first)
    throw UserError.at(
      scope.node.path === "" ? call : [scope.node.path, call],
      `comes too late: "${first.node.id}" was added before, and may have been made without it; call ${call}() before anything is added`,
      "context/late",
    );
  scope.node.setContext(key, value);
}
