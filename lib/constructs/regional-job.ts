import { Construct } from "constructs";
import { TerraformStack } from "cdktf";
import { UserError } from "../errors";
import { Multiregion, type Job, type MultiregionProps, type MultiregionRegion } from "../jobspec";
import { checkProps, hasManualCanary, OBJECT, oneOfTexts, required, type PropKinds } from "../jobspec/host";
import { NOMAD_JOB, NomadJob, type NomadJobProps } from "./nomad-job";
import { nomadProvider } from "./providers";
import { targetFor } from "./target";

/**
 * How a job reaches its regions: `enterprise` renders the multiregion block, which Nomad Enterprise rolls out;
 * `fanOut` renders one job per region, which Terraform rolls out in the same order. Open-source Nomad refuses the
 * block.
 */
export type RegionRendering = "fanOut" | "enterprise";

/** Properties of {@link RegionalJob}. */
export interface RegionalJobProps extends Omit<NomadJobProps, "provider"> {
  /** The regions and the strategy that rolls out to them. */
  readonly regions: Multiregion | MultiregionProps;
  /**
   * How it is rendered.
   *
   * @default "fanOut"
   */
  readonly rendering?: RegionRendering;
}

const { provider: _provider, ...ONE_JOB } = NOMAD_JOB;
const KINDS: PropKinds<RegionalJobProps> = {
  ...ONE_JOB,
  regions: required(OBJECT),
  rendering: oneOfTexts("fanOut", "enterprise"),
};

/**
 * A job in several regions, rolled out region by region.
 *
 * As `fanOut`, the strategy's `maxParallel` regions are applied at a time, in the order of the list; a region that
 * fails stops those after it, since Terraform applies nothing that depends on a failure. With `onFailure: "fail_local"` a failure stops
 * nothing, and since Terraform knows no order without that, it applies all regions at the same time; `cdk-nomad deploy` keeps the
 * order. What `fail_all` asks of the regions before the one that fails, to go back, only `cdk-nomad deploy` does. Each job names its
 * region, takes the region's count, datacenters, node pool and metadata, and goes through a provider of that region.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/multiregion
 */
export class RegionalJob extends Construct {
  /** The jobs, one for each region, or a single one for all. */
  readonly jobs: readonly NomadJob[];

  constructor(scope: Construct, id: string, props: RegionalJobProps) {
    super(scope, id);
    checkProps(props, this.node.path, KINDS);
    const { regions, rendering = "fanOut", job, ...rest } = props;
    const multiregion = regions instanceof Multiregion ? regions : new Multiregion(regions);
    if (rendering === "enterprise") {
      const target = { ...(rest.target ?? targetFor(this)), enterprise: true };
      this.jobs = [new NomadJob(this, "all", { ...rest, job: job.with({ multiregion }), target })];
      return;
    }
    this.jobs = this.fanOut(job, multiregion, rest);
  }

  private fanOut(job: Job, multiregion: Multiregion, rest: Omit<NomadJobProps, "job" | "provider">): NomadJob[] {
    const regions = multiregion.regions;
    if (regions.length === 0)
      throw UserError.at([this.node.path, "regions"], "is empty; write a region, or use a NomadJob", "regions/none");
    const names = regions.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw UserError.at([this.node.path, "regions"], `names "${twice}" twice; remove one`, "regions/repeated");
    const atATime = multiregion.strategy?.maxParallel || regions.length;
    if (atATime < regions.length && hasManualCanary(job)) {
      throw UserError.at(
        [this.node.path, "job"],
        'regions one after another cannot wait for canaries that somebody promotes by hand; write autoPromote: true, or rendering: "enterprise"',
        "regions/manual-canary",
      );
    }
    const jobs: NomadJob[] = [];
    const onFailure = multiregion.strategy?.onFailure ?? "";
    let before: NomadJob[] = [];
    for (let start = 0; start < regions.length; start += atATime) {
      const wave = regions.slice(start, start + atATime).map(
        (region) =>
          new NomadJob(this, region.name, {
            ...rest,
            job: inRegion(job, region),
            provider: nomadProvider(TerraformStack.of(this), region.name),
            dependsOn: [...(rest.dependsOn ?? []), ...before],
          }),
      );
      for (const each of wave) each.addOverride("//.rollout", { id: this.node.path, wave: start / atATime, onFailure });
      jobs.push(...wave);
      before = onFailure === "fail_local" ? [] : wave;
    }
    return jobs;
  }
}

/** The job as it is in one region: the region's own settings over the job's, as Nomad Enterprise would. */
function inRegion(job: Job, region: MultiregionRegion): Job {
  return job.with({
    region: region.name,
    ...(region.datacenters?.length ? { datacenters: region.datacenters } : {}),
    ...(region.nodePool ? { nodePool: region.nodePool } : {}),
    ...(region.meta ? { meta: { ...job.meta, ...region.meta } } : {}),
    groups: (job.groups ?? []).map((group) =>
      group.count === 0 && region.count !== undefined ? group.with({ count: region.count }) : group,
    ),
  });
}
