import type { Job } from "../jobspec";

/**
 * The tag of the images that the jobs of this release name by default. It is never `latest`: an image with that tag, or with none, is pulled by
 * Nomad before every start, so that one which was built on the machine never runs where no registry has it.
 *
 * @see https://developer.hashicorp.com/nomad/docs/deploy/task-driver/docker#image
 */
export const IMAGE_TAG = "0.1.0";

/** The images of a job's tasks that run in Docker, each once, as the tasks name them. */
export function imagesOf(job: Job): readonly string[] {
  const images = (job.groups ?? [])
    .flatMap((group) => group.tasks ?? [])
    .map((task) => task.toApi() as { readonly Driver?: string; readonly Config?: { readonly image?: unknown } })
    .flatMap(({ Driver: driver, Config: config }) => (driver === "docker" ? [config?.image] : []));
  return [...new Set(images.filter((image) => typeof image === "string"))];
}
