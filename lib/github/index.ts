/** GitHub's side of a workflow: one comment on a pull request, one issue about drift. */
export { stickyComment, type Written } from "./comment";
export { LONGEST_BODY, WORKFLOW_AUTHOR } from "./facts";
export { stickyIssue } from "./issue";
export { markerComment, markerOf } from "./marker";
export { pullRequestOf } from "./pull-request";
export { workflowOf, type Workflow } from "./workflow";
