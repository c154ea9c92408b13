import { DATABASE_SECRET } from "../../../job-parts";
import { UserError } from "../../../errors";
import { cacheFolder, machineRoom, scarceOn, type ClusterStatus } from "../../../local";
import { POOL_SERVICE_POLICIES, PoolServiceJob } from "../../../pools";
import { term } from "../../../text";
import { localCluster, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { ATTENTION } from "../../symbols";
import { clusterTable } from "./cluster-status";
import type { Input } from "../up";

/** Starts the embedded cluster, or says that it runs. */
export async function run(input: Input, context: CliContext) {
  const { status, before } = await startCluster(input, context);
  const { terminal } = context;
  if (input.json) terminal.json(status);
  else {
    if (before) terminal.note(term`the cluster runs already`);
    terminal.print(clusterTable(status));
    warnWhereOpen(status, terminal);
  }
  return EXIT.ok;
}

/** Says what an open cluster means, and one that an older release left half open: nobody should have it without a word. */
export function warnWhereOpen({ closed, peersOnly }: ClusterStatus, terminal: CliContext["terminal"]): void {
  if (closed && !peersOnly)
    terminal.note(
      term`${ATTENTION} an older release started it, and its servers speak with every user of this machine, who may so become one of them; cdk-nomad down, then up, closes it`,
    );
  if (closed) return;
  terminal.note(
    term`${ATTENTION} it is open: every user of this machine, and every page in a browser on it, may run commands here as whoever started it; without --open it asks for tokens`,
  );
}

/** How the embedded cluster is started. */
export interface StartInput {
  readonly portOffset?: number;
  readonly regions?: readonly string[];
  readonly open?: boolean;
  readonly closed?: boolean;
  readonly vault?: boolean;
}

/** Starts what does not run yet of the embedded cluster. */
export async function startCluster(input: StartInput, context: CliContext) {
  const { portOffset: offset, regions, open, closed, vault: keepsSecrets } = input;
  const { terminal, env, machine, signal } = context;
  if (open && closed) throw UserError.at("--open", "and --closed are said both; write one of the two", "acl");
  const { cluster, project } = localCluster(context);
  for (const scarce of scarceOn(machineRoom(project), project)) terminal.note(term`${ATTENTION} ${scarce}`);
  return cluster.up({
    portOffset: offset,
    regions,
    closed: open ? false : closed ? true : undefined,
    vault: keepsSecrets ? true : undefined,
    vaultRoles: [DATABASE_SECRET],
    jobs: [{ job: PoolServiceJob.ID, ...POOL_SERVICE_POLICIES }],
    cache: cacheFolder(env, machine),
    env,
    machine,
    progress: terminal.progress(),
    signal,
  });
}
