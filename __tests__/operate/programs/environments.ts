import { readFileSync } from "node:fs";
import { IMAGE_TAG } from "../../../lib";
import { main } from "../../../main";
import { ENVIRONMENTS } from "../../../stacks";

/** What a test changes of the environments of this repository. */
export interface EnvironmentsProgram {
  /** Whether dev's Prism runs in containers of images that were built on this machine. */
  readonly prismImages?: boolean;
}

const { prismImages = false } = JSON.parse(readFileSync("change.json", "utf8")) as EnvironmentsProgram;
const programs = {
  kind: "images",
  registry: "",
  version: IMAGE_TAG,
  network: "host",
  shellImage: `cdk-nomad-shell:${IMAGE_TAG}`,
} as const;
const environments = ENVIRONMENTS.map((settings) =>
  settings.name === "dev" && prismImages ? { ...settings, programs } : settings,
);
main(process.env, { environments });
