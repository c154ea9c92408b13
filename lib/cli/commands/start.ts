import { localCluster, type CliContext } from "../context";
import { deploy } from "./deploy";
import { up } from "./up";

/** The main job: the cluster, then the dev stack, then what to do next. */
export async function start(options: { readonly portOffset?: number }, context: CliContext): Promise<void> {
  const { terminal, env, signal } = context;
  await up({ portOffset: options.portOffset }, context);
  if (process.exitCode || signal.aborted) return;
  // The cluster that was just started is the one that is meant, whatever the variables name.
  const {
    NOMAD_ADDR: _nomad,
    CONSUL_HTTP_ADDR: _consul,
    NOMAD_TOKEN: _token,
    CONSUL_HTTP_TOKEN: _consulToken,
    NOMAD_NAMESPACE: _namespace,
    NOMAD_REGION: _region,
    ...rest
  } = env;
  terminal.note("");
  await deploy("dev", {}, { ...context, env: rest });
  if (process.exitCode) {
    terminal.note("\nlook around: cdk-nomad status, cdk-nomad logs <task>; end it: cdk-nomad down");
    return;
  }
  const addresses = localCluster().cluster.addresses();
  const next = [
    ["npx cdk-nomad logs prism-admin -f", "what the admin writes"],
    ["npx cdk-nomad deploy dev", "after a change in stacks/dev.ts"],
    ["npx cdk-nomad status", "what runs"],
    ["eval $(npx cdk-nomad env)", "point nomad, consul and cdktf at it"],
    ["npx cdk-nomad down", "end all of it"],
  ];
  terminal.print(`\nNomad's UI  ${addresses?.nomad}/ui/\nConsul's UI ${addresses?.consul}/ui/\n\nnext`);
  const width = Math.max(...next.map(([command = ""]) => command.length));
  for (const [command = "", why = ""] of next) {
    terminal.print(terminal.fit(`  ${command.padEnd(width)}  ${terminal.color.dim(why)}`));
  }
}
