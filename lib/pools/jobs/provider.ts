import { IMAGE_TAG } from "../../job-parts";
import { oneOfTexts } from "../../jobspec/host";

/** Whose models a runtime talks to. */
export type Provider = "openai" | "anthropic" | "google";

/** Every provider. */
export const PROVIDERS: readonly Provider[] = ["openai", "anthropic", "google"];

/** The kind of a property that names a provider. */
export const PROVIDER = oneOfTexts(...PROVIDERS);

/** The environment variable in which a provider's programs look for their key. */
export const KEY_VARIABLES: Readonly<Record<Provider, string>> = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  google: "GOOGLE_API_KEY",
};

/** The image of a provider's runtime. */
export function runtimeImage(provider: Provider): string {
  return `polydev-${provider}-runtime:${IMAGE_TAG}`;
}
