import { isSecretName, looksSecret } from "../../jobspec/host";

/** What stands in the place of a secret. */
export const MASK = "••••••";

/** Hides what nobody may read in a log or a comment on a pull request. */
export class Masking {
  readonly #hidden: readonly string[];

  /** @param hidden values that are secret wherever they stand, such as those of sensitive variables */
  constructor(hidden: readonly string[] = []) {
    // The longest first, so that one which holds another goes whole.
    this.#hidden = hidden.filter((value) => value.length >= 4).sort((a, b) => b.length - a.length);
  }

  /** A value as it may be shown under its name, such as `Env[API_KEY]`. */
  value(name: string, value: string): string {
    if (value === "") return value;
    const [, key] = /\[([^\]]+)\]$/.exec(name) ?? [];
    // A reference to a variable of Nomad says where a secret is, and not what it is.
    if (isSecretName(key ?? name) && !value.startsWith("${")) return MASK;
    return this.text(value);
  }

  /** A text of any kind, without what is secret in it. */
  text(text: string): string {
    let shown = text;
    for (const hidden of this.#hidden) shown = shown.replaceAll(hidden, MASK);
    return shown
      .split(/(\s+)/)
      .map((word) => (looksSecret(word) ? MASK : word))
      .join("");
  }
}
