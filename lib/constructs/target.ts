import type { IConstruct } from "constructs";
import type { Target } from "../jobspec";
import { setContext } from "./context";

const CONTEXT = "cdk-nomad/target";

/**
 * Says once, for a program or a part of it, which Nomad its jobs are for. Said before anything is added to that part.
 *
 * @throws UserError where something was added to it before
 * @example
 * const app = new App();
 * setTarget(app, { nomadVersion: "1.9", enterprise: true });
 */
export function setTarget(scope: IConstruct, target: Target): void {
  setContext("setTarget", scope, CONTEXT, target);
}

/**
 * The Nomad that the jobs of this scope are for. Whoever runs the program may ask for the verdicts of another version of it, by the context
 * `cdk-nomad/nomad-version`.
 */
export function targetFor(scope: IConstruct): Target {
  const target = (scope.node.tryGetContext(CONTEXT) as Target | undefined) ?? {};
  const nomadVersion: unknown = scope.node.tryGetContext("cdk-nomad/nomad-version");
  return typeof nomadVersion === "string" ? { ...target, nomadVersion } : target;
}
