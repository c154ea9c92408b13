/** GitHub's side of a workflow: one comment on a pull request, one issue about drift. */
export { LONGEST_BODY, stickyComment } from "./comment";
export { stickyIssue } from "./issue";
export { workflowOf, type Workflow } from "./workflow";
