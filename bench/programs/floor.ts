import { readFileSync } from "node:fs";
import { ConfigEntry } from "@cdktf/provider-consul/lib/config-entry";
import { KeyPrefix } from "@cdktf/provider-consul/lib/key-prefix";
import { ConsulProvider } from "@cdktf/provider-consul/lib/provider";
import { DataNomadJob } from "@cdktf/provider-nomad/lib/data-nomad-job";
import { Job } from "@cdktf/provider-nomad/lib/job";
import { NomadProvider, type NomadProviderConfig } from "@cdktf/provider-nomad/lib/provider";
import { App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";

/**
 * The floor: hands ready strings to cdktf. It reads what the measured program synthesized and makes the same resources of it, with
 * nothing of this library in between.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- strings as they come
type Named = Record<string, Record<string, any>>;

const app = new App();
const ready = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as {
  name: string;
  variable?: Named;
  resource: Record<string, Named>;
  data?: Record<string, Named>;
  output?: Named;
}[];
for (const { name, variable, resource, data, output } of ready) {
  const stack = new TerraformStack(app, name);
  const nomad = new NomadProvider(stack, "nomad", {} as NomadProviderConfig);
  const consul = new ConsulProvider(stack, "consul");
  for (const [id, config] of Object.entries(variable ?? {})) new TerraformVariable(stack, id, config);
  for (const [id, { jobspec, detach, timeouts }] of Object.entries(resource.nomad_job ?? {})) {
    new Job(stack, id, { jobspec, detach, timeouts, json: true, purgeOnDestroy: true, provider: nomad });
  }
  for (const [id, { kind, name: entry, config_json: configJson }] of Object.entries(
    resource.consul_config_entry ?? {},
  )) {
    new ConfigEntry(stack, id, { kind, name: entry, configJson, provider: consul });
  }
  for (const [id, { path_prefix: pathPrefix, subkeys }] of Object.entries(resource.consul_key_prefix ?? {})) {
    new KeyPrefix(stack, id, { pathPrefix, subkeys, provider: consul });
  }
  for (const [id, { job_id: jobId, namespace }] of Object.entries(data?.nomad_job ?? {})) {
    new DataNomadJob(stack, id, { jobId, namespace, provider: nomad });
  }
  for (const [id, { value, description }] of Object.entries(output ?? {})) {
    new TerraformOutput(stack, id, { value, description });
  }
}
app.synth();
