import { Writable } from "node:stream";
import { findProjectFolder } from "../local";
import { hasDrift, stackNames, withSynthesis, type Drift as FoundDrift } from "../operations";
import type { Drift, ProgramEnvironments } from "../page";
import { projectIdentity } from "../stack-record";
import { isEmbedded, localCluster, type CliContext } from "./context";
import { driftInWords } from "./drift-words";
import { foundDrift } from "./found-drift";
import { groupInWords } from "./plan-words";
import { withStack } from "./stack";
import { Terminal } from "./terminal";

/** What the program of the project tells the page that a command runs in; undefined where there is no project. */
export function pageProgram(context: CliContext): ProgramEnvironments | undefined {
  const project = findProjectFolder(context.cwd);
  if (project === undefined) return undefined;
  return {
    project: projectIdentity(project),
    names: async (signal = context.signal) => {
      const { cluster } = localCluster(context);
      const own = isEmbedded(context.env, cluster) ? cluster.programVariables() : {};
      const env = { ...own, ...context.env, CDK_NOMAD_COMMAND: context.command };
      return withSynthesis({ project, env, signal }, (outdir) => Promise.resolve(stackNames(outdir)));
    },
    drift: async (environment, signal = context.signal) => {
      const { env, clock } = context;
      // What the comparison says on its way is for a terminal, and here is none; what it learns of secrets counts.
      const terminal = new Terminal({ stdout: nowhere(), stderr: nowhere(), env, clock });
      terminal.masking.learn(env);
      const quiet = { ...context, terminal, signal };
      return withStack({ environment }, quiet, async (stack) => {
        const { found } = await foundDrift(stack, quiet);
        return terminal.masking.json(shown(found));
      });
    },
  };
}

function shown(found: FoundDrift): Drift {
  const { jobs, consul, unchanged, strays = [], leftovers = [], foreign = [], unknown = [] } = found;
  return {
    drifted: hasDrift(found),
    unchanged,
    jobs: jobs.map((each) => ({
      ...placeOf(each),
      drift: driftInWords(each),
      fields: each.fields.map(fieldOf),
      groups: each.groups.flatMap((group) => [
        `group ${group.name}: ${groupInWords(group, "place")}`,
        ...(group.blocked === undefined ? [] : [`no node: ${group.blocked}`]),
      ]),
    })),
    consul: consul.map(({ kind, name, change, fields }) => ({ kind, name, change, fields: fields.map(fieldOf) })),
    strays: strays.map(placeOf),
    leftovers: leftovers.map(({ kind, name }) => ({ kind, name })),
    foreign: foreign.map((each) => ({ ...placeOf(each), owner: each.owner })),
    unknown: [...unknown],
  };
}

/** Which job it is: the same id may be in several regions, and in several namespaces. */
function placeOf({ job, region, namespace }: NonNullable<FoundDrift["strays"]>[number]) {
  return { job, ...(region === undefined ? {} : { region }), ...(namespace === undefined ? {} : { namespace }) };
}

function fieldOf(field: FoundDrift["consul"][number]["fields"][number] & { readonly lines?: string }) {
  const { place, before, after, lines } = field;
  return {
    place,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(lines === undefined ? {} : { lines }),
  };
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
