import type { IConstruct } from "constructs";
import type { Target } from "../jobspec";

const CONTEXT = "cdk-nomad/target";

/** Says once, for a program or a part of it, which Nomad its jobs are for. */
export function setTarget(scope: IConstruct, target: Target): void {
  scope.node.setContext(CONTEXT, target);
}

/** The Nomad that the jobs of this scope are for. */
export function targetFor(scope: IConstruct): Target {
  return (scope.node.tryGetContext(CONTEXT) as Target | undefined) ?? {};
}
