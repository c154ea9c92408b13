import * as v from "valibot";
import { messageOf, UserError } from "../errors";
import { readNamedFileNow, UnusableFile } from "../reading";

const repository = v.nullish(v.looseObject({ full_name: v.string() }));
const head = v.looseObject({ repo: repository });
const schema = v.looseObject({
  pull_request: v.optional(v.looseObject({ number: v.pipe(v.number(), v.integer()), head })),
  workflow_run: v.optional(
    v.looseObject({
      event: v.string(),
      head_sha: v.string(),
      head_branch: v.nullish(v.string()),
      head_repository: repository,
    }),
  ),
});

/** What a run of a workflow is about: what GitHub itself wrote into the event, and nobody else. */
export type Subject =
  | {
      readonly kind: "pull_request";
      readonly pull: number;
      /** Whether it comes from another repository, whose runs may write nothing here. */
      readonly fromFork: boolean;
    }
  | {
      /** The run of another workflow that ended, for a pull request. */
      readonly kind: "workflow_run";
      readonly sha: string;
      readonly branch: string;
      /** Where the branch is: owner/name. */
      readonly repository: string;
    };

/**
 * Reads the event that began a run.
 *
 * @param file GITHUB_EVENT_PATH
 * @param own GITHUB_REPOSITORY
 * @returns undefined where it is about no pull request
 * @throws UserError where the file cannot be read, or is no event
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
export function subjectOf(file: string, own: string): Subject | undefined {
  const { pull_request: pull, workflow_run: run } = readEvent(file);
  if (pull) return { kind: "pull_request", pull: pull.number, fromFork: pull.head.repo?.full_name !== own };
  if (run?.event !== "pull_request" || !run.head_branch || !run.head_repository) return undefined;
  const { head_sha: sha, head_branch: branch, head_repository: repo } = run;
  return { kind: "workflow_run", sha, branch, repository: repo.full_name };
}

/** In bytes. GitHub sends none that is larger: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap */
const LARGEST_EVENT = 25 * 1024 * 1024;

function readEvent(file: string): v.InferOutput<typeof schema> {
  let value: unknown;
  try {
    value = JSON.parse(readNamedFileNow(file, { most: LARGEST_EVENT, patience: 0 }).toString("utf8"));
  } catch (error) {
    const why = error instanceof UnusableFile ? error.what : `cannot be read: ${messageOf(error)}`;
    throw UserError.at("GITHUB_EVENT_PATH", `${file} ${why}`, "github");
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) {
    const place = v.getDotPath(parsed.issues[0]);
    const where = place === null ? "" : `, at ${place}`;
    throw UserError.at("GITHUB_EVENT_PATH", `${file} is no event of GitHub's${where}`, "github");
  }
  return parsed.output;
}
