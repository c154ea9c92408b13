import { UserError } from "../errors";
import { describe, SECRET_MARK } from "./engine";

const HIDE = Symbol.for("nodejs.util.inspect.custom");

/**
 * A secret that the cluster keeps: a reference to it, never its value. A task gets it by {@link Task.withSecretEnv}, in a file of
 * its secrets directory; written anywhere else it is an error that names the place.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/variables
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/template#vault-integration
 * @example
 * task.withSecretEnv({ OPENAI_API_KEY: Secret.fromNomadVariable("nomad/jobs/runtime-openai", "api_key") })
 */
export class Secret {
  /** @internal Whether there is any: what looks for them has nothing to do where there is none. */
  static made = false;

  private constructor(
    /** Who keeps it. */
    readonly keeper: "nomad" | "vault",
    /** Where it is. */
    readonly path: string,
    /** The key there. */
    readonly key: string,
  ) {
    Secret.made = true;
    Object.freeze(this);
  }

  /**
   * A key of a Nomad variable.
   *
   * @param path the variable's path; a job may always read below `nomad/jobs/<job id>`
   * @throws UserError where the path or the key is no text
   */
  static fromNomadVariable(path: string, key: string): Secret {
    checkReference("Secret.fromNomadVariable", path, key);
    return new Secret("nomad", path, key);
  }

  /**
   * A key of a secret in Vault's KV store, version 2.
   *
   * @param path with its mount, `secret/prism/admin`
   * @throws UserError where the path or the key is no text
   */
  static fromVault(path: string, key: string): Secret {
    checkReference("Secret.fromVault", path, key);
    return new Secret("vault", path, key);
  }

  /** A mark that every text of a job is looked through for: what holds it is refused. */
  toString(): string {
    return `${SECRET_MARK}${this.keeper}:${this.path}#${this.key}]`;
  }

  /** The mark of toString(), so that JSON holds no more than where the secret is. */
  toJSON(): string {
    return this.toString();
  }

  /** @internal */
  [HIDE](): string {
    return `Secret(${this.keeper} ${this.path}#${this.key})`;
  }

  /** @internal The expression of a template that writes it, in quotes where it needs them. */
  templateExpression(): string {
    const path = JSON.stringify(this.path);
    if (this.keeper === "nomad")
      return `{{ with nomadVar ${path} }}{{ (index . ${JSON.stringify(this.key)}).Value | toJSON }}{{ end }}`;
    return `{{ with secret ${path} }}{{ index .Data.data ${JSON.stringify(this.key)} | toJSON }}{{ end }}`;
  }
}

function checkReference(made: string, path: unknown, key: unknown): void {
  for (const [name, value] of Object.entries({ path, key }))
    if (typeof value !== "string" || value === "")
      throw UserError.at(
        made,
        `expected the ${name} as a text, found ${describe(value)}; write ${made}(path, key)`,
        "field/type",
      );
}
