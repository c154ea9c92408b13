import { dirname } from "node:path";
import { UserError } from "../../../errors";
import { otherClusterFolderAt, portsAt } from "../../../local";
import { joinLines, renderTerminal, shellWord, term } from "../../../text";
import { type CliContext, localCluster } from "../../context";
import { EXIT } from "../../exit-codes";
import { ATTENTION } from "../../symbols";
import { ownServiceToken, serviceAddress } from "../../service-tokens";
import type { Input } from "../env";

/** Prints the variables that point nomad, consul, terraform and cdktf at the embedded cluster. */
export async function run(input: Input, context: CliContext) {
  const { terminal } = context;
  const { cluster, project } = localCluster(context);
  const addresses = cluster.addresses();
  const own = cluster.environment();
  if (!addresses || !own) throw UserError.at("", `no cluster runs here${nextDoor(cluster.folder)}`, "cluster");
  const variables = {
    ...own,
    CDK_NOMAD_PORT_OFFSET: String(addresses.portOffset),
    ...cluster.programVariables(),
    ...serviceVariables(project, addresses.portOffset),
  };
  // Tokens among them: what is hidden everywhere else is handed over here.
  const isClosed = Object.hasOwn(variables, "CDK_NOMAD_CLOSED");
  if (isClosed && !(Object.hasOwn(own, "NOMAD_TOKEN") && Object.hasOwn(own, "CONSUL_HTTP_TOKEN")))
    terminal.note(
      term`${ATTENTION} not all of the cluster runs: tokens of what has ended are left out, since somebody else may have its port; start it with cdk-nomad up, then run this again`,
    );
  const lines = Object.entries(variables).map(([name, value]) => term`export ${name}=${shellWord(value)}`);
  const shell = renderTerminal(joinLines(lines), { color: false, mask: (same) => same });
  terminal.handOver(input.json ? JSON.stringify(variables, null, 2) : shell);
  return EXIT.ok;
}

/** What to do where this project has no cluster: also where that of another folder has the usual ports. */
function nextDoor(own: string): string {
  const folder = otherClusterFolderAt(`http://127.0.0.1:${portsAt(0)["Nomad HTTP"]}`, own);
  return folder === undefined
    ? "; start it with cdk-nomad up"
    : `: the one at the usual ports is that of ${dirname(folder)}; start one beside it with cdk-nomad up --port-offset 1000, or run this there`;
}

/** Where dev's service is, and the file of its token; nothing where `start` has made none. The token itself is not printed. */
function serviceVariables(project: string, portOffset: number): Readonly<Record<string, string>> {
  const file = ownServiceToken(project);
  return file === undefined ? {} : { POOL_SERVICE_ADDR: serviceAddress(portOffset), POOL_SERVICE_TOKEN_FILE: file };
}
