import { existsSync, readdirSync } from "node:fs";
import { joinLines, term } from "../../../text";
import { type CliContext, localCluster } from "../../context";
import { EXIT } from "../../exit-codes";
import { removeServiceTokens } from "../../service-tokens";

/** Stops the embedded cluster and whatever it left. */
export async function run(context: CliContext) {
  const { terminal, signal } = context;
  const { cluster, project } = localCluster(context);
  const sayWhatRuns = () => {
    const { agents, others } = cluster.alive();
    const processes = others === 0 ? [] : [others === 1 ? "1 process of tasks" : `${others} processes of tasks`];
    const running = [...agents, ...processes];
    terminal.note(running.length > 0 ? term`still running: ${running.join(", ")}` : term`no process is left`);
  };
  signal.addEventListener("abort", sayWhatRuns, { once: true });
  const had = await cluster
    .down(terminal.progress(), signal)
    .finally(() => signal.removeEventListener("abort", sayWhatRuns));
  removeServiceTokens(project);
  const left = leftIn(cluster.folder);
  terminal.note(had ? term`the cluster is stopped, and its tasks and data are gone` : term`no cluster was running`);
  if (left.length > 0) {
    const width = Math.max(...left.map(([name]) => name.length));
    const rows = left.map(([name, why]) => term`  ${name.padEnd(width)}  ${why}`);
    terminal.note(joinLines([term`what stays in ${cluster.folder}, which may be removed:`, ...rows]));
  }
  return EXIT.ok;
}

/** What stays of a cluster that was ended, and what it is good for. */
const STAYS: readonly (readonly [name: RegExp, why: string])[] = [
  [/\.log$/, "what an agent wrote"],
  [/^stacks\.json$/, "which cluster each stack went to last, so that none goes to another one unasked"],
  [/^synth$/, "where commands synthesize the stacks while they run"],
];

/** What is left in the folder, by name, with the reason; what is hidden is of the folder itself. */
function leftIn(folder: string): readonly (readonly [name: string, why: string])[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith("."));
  return names.sort().map((name) => [name, STAYS.find(([pattern]) => pattern.test(name))?.[1] ?? "not known to down"]);
}
