/** GitHub's side of a workflow: one comment on a pull request, one issue about drift. */
export { LONGEST_BODY, stickyComment, type Written } from "./comment";
export { stickyIssue } from "./issue";
export { markerComment, markerOf, WORKFLOW_AUTHOR } from "./marker";
export { pullRequestOf } from "./pull-request";
export { workflowOf, type Workflow } from "./workflow";
