import { UserError } from "../../errors";
import { KEY_VARIABLES, type Provider } from "../jobs";

/** Keys of a provider, as the user of a runtime has them. */
export interface Credentials {
  /** The provider's API key. Default: none is given to the program. */
  readonly apiKey?: string;
  /** Google's project. Default: none; other providers have none. */
  readonly projectId?: string;
}

/**
 * The environment variables in which a provider's programs look for their keys: OPENAI_API_KEY, ANTHROPIC_API_KEY, GOOGLE_API_KEY and
 * GOOGLE_PROJECT_ID.
 *
 * @throws UserError where something else is given than texts
 */
export function secretsOf(provider: Provider, credentials: Credentials = {}): Readonly<Record<string, string>> {
  const { apiKey, projectId } = credentials;
  const pairs = [
    [KEY_VARIABLES[provider], "apiKey", apiKey],
    ...(provider === "google" ? ([["GOOGLE_PROJECT_ID", "projectId", projectId]] as const) : []),
  ] as const;
  return Object.fromEntries(
    pairs.flatMap(([variable, name, value]) => {
      if (value === undefined) return [];
      // What was given is a secret: the message does not have it.
      if (typeof value !== "string")
        throw UserError.at(["credentials", name], "is no text; write the key as a text", "runtime/credentials");
      return [[variable, value]];
    }),
  );
}
