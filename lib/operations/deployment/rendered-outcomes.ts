import type { JobOutcome } from "./outcome";
import type { RenderedJob, RenderedTemplates } from "./rendered-templates";

/** What can be said of a job whose templates changed only once Nomad has done with it what they ask for. */
const WELL: readonly JobOutcome["result"][] = ["healthy", "unchanged"];

/** The outcomes of a deployment, with what the templates brought about that read what it changed in Consul. */
export async function withRendered(
  outcomes: readonly JobOutcome[],
  templates: RenderedTemplates,
): Promise<readonly JobOutcome[]> {
  const judged = outcomes.filter(({ result }) => !WELL.includes(result)).map(({ path }) => path);
  const rendered = new Map((await templates.settled(new Set(judged))).map((each) => [each.path, each]));
  return outcomes.map((outcome) => {
    const found = rendered.get(outcome.path);
    return found ? withOne(outcome, found) : outcome;
  });
}

function withOne(outcome: JobOutcome, { result, reasons, diagnoses }: RenderedJob): JobOutcome {
  const { view } = outcome;
  switch (result) {
    case "same":
      return outcome;
    case "restarted":
      return { ...outcome, result: "healthy", rendered: true };
    case "timed-out":
      return { ...outcome, result, view: { ...view, status: "running" }, reasons };
    case "failed": {
      const description = "its templates changed with what they read in Consul, and it is not well since";
      return { ...outcome, result, view: { ...view, status: "failed", description }, reasons, diagnoses };
    }
  }
}
