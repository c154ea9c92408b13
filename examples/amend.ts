import { Aspects, type TerraformStack } from "cdktf";
import { NomadJob } from "../lib";
import { job } from "./admin";

/** The same job with another priority, and with a variable for one of its tasks; `job` itself stays as it is. */
export const debugged = job
  .with({ priority: 70 })
  .withGroup("admin", (group) => group.withTask("prism-admin", (task) => task.withEnv({ LOG_LEVEL: "debug" })));

/** Every task of every job of a stack is told where it runs. */
export function tellWhere(stack: TerraformStack): void {
  Aspects.of(stack).add({
    visit(node) {
      if (NomadJob.isNomadJob(node))
        node.amend((job) => job.withEachTask((task) => task.withEnv({ STACK: stack.node.id })));
    },
  });
}
