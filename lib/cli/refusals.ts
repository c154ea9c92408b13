import { formatProblem, UserError } from "../errors";
import {
  refuseLargeRecord,
  refuseOthersJobs,
  refuseTerraformOnly,
  refuseToStopInPlace,
  desiredRecord,
  type Owners,
  type Planned,
} from "../operations";
import type { CliContext } from "./context";
import { refuseToEndLeases } from "./ended-leases";
import { checkCluster } from "./meant-cluster";
import type { OpenStack } from "./open-stack";
import { identityOf } from "./own-stack";
import { checkLocalCapacity } from "./local-capacity";

/** What is held against a stack to find out whether its deployment would be refused. */
export interface Refusable {
  readonly stack: OpenStack;
  readonly owners: Owners;
  readonly planned: readonly Pick<Planned, "plan" | "job">[];
  /** Whether the program is somebody else's, of which only files were read: then neither this machine nor this folder deploys it. */
  readonly isForeign: boolean;
  /** What a deployment would be allowed by name. Default: nothing. */
  readonly allowed?: { readonly adopt?: boolean; readonly endLeases?: boolean; readonly toNewCluster?: boolean };
}

/**
 * Why a deployment would be refused that has the values of this one, those of the last deployment where nobody says others: with the very checks of
 * `deploy`, none of which changes anything. A stack of Terraform's is brought by Terraform, which asks for nothing but who has what.
 */
export async function refusalsOf(
  { stack, owners, planned, isForeign, allowed = {} }: Refusable,
  context: CliContext,
): Promise<readonly string[]> {
  const { contents, nomad, consul, environment } = stack;
  const record = desiredRecord(contents, identityOf(environment, context));
  const { project } = identityOf(environment, context);
  const isTerraforms = contents.declared.owner === "terraform";
  const isRecorded = owners.own.kind === "unreadable" ? "unknown" : owners.own.kind === "found";
  // What `deploy` says on its way is not said here.
  const quiet = { ...context, terminal: { note: () => undefined } };
  const ofOwn: readonly Check[] = [
    () => checkCluster(stack, { isRecorded, toNewCluster: allowed.toNewCluster }, quiet),
    () => checkLocalCapacity(stack, quiet),
  ];
  const ofCommand: readonly Check[] = [
    () => refuseTerraformOnly(contents, environment),
    () => refuseLargeRecord(record),
    () => refuseToStopInPlace(planned, {}),
    ...(isForeign ? [] : ofOwn),
  ];
  const ofAll: readonly Check[] = [
    () =>
      refuseOthersJobs(planned, { nomad, owners, project, adopt: allowed.adopt === true, onTaken: () => undefined }),
    () => refuseToEndLeases(planned, { nomad, consul, signal: context.signal }, allowed, quiet),
  ];
  const refusals: string[] = [];
  for (const check of isTerraforms ? ofAll : [...ofCommand, ...ofAll]) refusals.push(...(await refusalOf(check)));
  return refusals;
}

type Check = () => unknown;

async function refusalOf(check: Check): Promise<readonly string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(formatProblem);
  }
}
