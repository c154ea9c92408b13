import { IMAGE_TAG } from "../../lib";

/** An image that this repository's jobs name, and what it is made of. */
export interface Image {
  /** Its name. */
  readonly name: string;
  /** Default: that of this release. */
  readonly tag?: string;
  /** The folder of images/ that holds its Dockerfile. */
  readonly recipe: string;
  /** The image below it, or what is copied from this machine where there is none. */
  readonly base: "shell" | "node" | undefined;
  /** The source of the stand-in inside, and the name of the program that it stands in for. */
  readonly program?: {
    readonly source: string;
    readonly name: string;
    /** No stand-in, but the program itself. */ readonly real?: true;
  };
}

/** A name with its tag. @param tag Default: that of this release */
export function tagged(name: string, tag = IMAGE_TAG): string {
  return `${name}:${tag}`;
}

/** The name of the image of a base. */
export function baseName(base: "shell" | "node"): string {
  return `cdk-nomad-${base}`;
}

const prism = (name: string, standIn: string): Image => ({
  name,
  recipe: name,
  base: "node",
  program: { source: `lib/workloads/prism/stand-ins/${standIn}.ts`, name },
});

/** Every image, each after the one below it. */
export const IMAGES: readonly Image[] = [
  { name: baseName("shell"), recipe: "shell", base: undefined },
  { name: baseName("node"), recipe: "node", base: undefined },
  prism("prism-admin", "admin"),
  prism("pattern-launcher", "launcher"),
  prism("keyvalue-runner", "keyvalue"),
  ...["openai", "anthropic", "google"].map((provider): Image => ({
    name: `polydev-${provider}-runtime`,
    recipe: "polydev-runtime",
    base: "shell",
  })),
  {
    name: "hermes-sandbox",
    recipe: "hermes-sandbox",
    base: "node",
    tag: "local",
    program: { source: "lib/pools/sandbox/server/main.ts", name: "hermes-sandbox", real: true },
  },
  {
    name: "cdk-nomad-service",
    recipe: "cdk-nomad-service",
    base: "node",
    program: { source: "lib/cli/main.ts", name: "cdk-nomad", real: true },
  },
];
