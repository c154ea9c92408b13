import { UserError } from "../../jobspec";
import { localCluster, type CliContext } from "../context";

/** Prints the variables that point nomad, consul, terraform and cdktf at the embedded cluster. */
export async function env(options: { readonly json?: boolean }, { terminal }: CliContext): Promise<void> {
  const addresses = localCluster().cluster.addresses();
  if (!addresses) throw UserError.at("", "no cluster runs; start it with cdk-nomad up", "cluster");
  const variables = {
    NOMAD_ADDR: addresses.nomad,
    CONSUL_HTTP_ADDR: addresses.consul,
    CDK_NOMAD_PORT_OFFSET: String(addresses.portOffset),
  };
  if (options.json) terminal.print(JSON.stringify(variables, null, 2));
  else for (const [name, value] of Object.entries(variables)) terminal.print(`export ${name}=${value}`);
}
