import type { Construct } from "constructs";
import { UserError } from "../../errors";
import { Secret, type Job } from "../../jobspec";
import { isKnown, literalsAmong, NUMBER, required, TEXT, TEXT_MAP, TEXTS, type PropKinds } from "../../jobspec/host";
import { allowed, checkAllowed, type AllowedRule } from "../allowed";
import { requireProvider26, takesWriteOnly } from "../provider-version";
import { terraformJson } from "../terraform-text";
import { ClusterConstruct } from "./cluster-construct";
import { ProviderResource, type Attributes } from "./provider-resource";
import { shellQuoted } from "../../text";

/** Properties of {@link NomadVariable}. */
export interface NomadVariableProps {
  /** Where it is: steps of letters, digits, `-`, `_` and `~`. A job may always read below `nomad/jobs/<job id>`. */
  readonly path: string;
  /**
   * Its values by their keys. A secret comes from a sensitive variable of Terraform: `variable.stringValue`.
   */
  readonly items: Readonly<Record<string, string>>;
  /**
   * Counts the values: Terraform keeps none of them, and so cannot see that one has changed. A higher number writes them again.
   *
   * @default 1
   */
  readonly version?: number;
  /**
   * The namespace that it is in.
   *
   * @default "default"
   */
  readonly namespace?: string;
  /**
   * Secrets that may stand in plain here: `secret/literal` makes warnings of all of them, `secret/literal:api_key` says nothing of that key.
   *
   * @default - a secret of a known form stops synthesis, one known by its name alone is a warning
   */
  readonly allow?: readonly AllowedRule[];
}

const KINDS: PropKinds<NomadVariableProps> = {
  path: required(TEXT),
  items: required(TEXT_MAP),
  version: NUMBER,
  namespace: TEXT,
  allow: TEXTS,
};

/**
 * A variable of Nomad, such as a key of a provider that a task's template reads. Its values are written and never kept: neither Terraform's state nor a plan
 * has them. That takes release 2.6 of the provider, which the stack requires then, and Terraform 1.11 or later.
 *
 * With an older provider that somebody insists on by {@link useNomadProvider} it is refused, since the values would stand in the state: write it outside of
 * Terraform, with `nomad var put`.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/variables
 * @example
 * const key = new TerraformVariable(stack, "api-key", { type: "string", sensitive: true });
 * const held = new NomadVariable(stack, "key", { path: "nomad/jobs/web", items: { api_key: key.stringValue } });
 * task.withSecretEnv({ API_KEY: held.secret("api_key") });
 */
export class NomadVariable extends ClusterConstruct {
  readonly resource: ProviderResource;
  /** Its path. */
  readonly path: string;
  readonly #keys: readonly string[];

  constructor(scope: Construct, id: string, props: NomadVariableProps) {
    super(scope, id, props, KINDS);
    const { path, items, version = 1, namespace, allow = [] } = props;
    this.path = path;
    this.#keys = Object.keys(items);
    this.checkText(["path"], path, /^[a-zA-Z0-9-_~/]{1,128}$/, "up to 128 letters, digits, -, _, ~ and /");
    if (this.#keys.length === 0) this.report(["items"], "is empty; write { key: value }");
    if (isKnown(version) && !(Number.isSafeInteger(version) && version >= 1))
      this.report(["version"], `${String(version)} is no version; write a whole number from 1 up`);
    this.reportAll(allowed(literalsAmong(items, "items"), checkAllowed(allow, this.node.path)));
    requireProvider26(this);
    if (!takesWriteOnly(this))
      this.report(
        ["items"],
        `would stand in Terraform's state with this provider; leave out useNomadProvider(…), or write it by hand: nomad var put ${shellQuoted(path)} ${shellQuoted(this.#keys[0] ?? "key")}=…`,
        "provider/write-only",
      );
    const attributes: Attributes = {
      path,
      namespace,
      items_wo: terraformJson(Object.fromEntries(Object.entries(items).sort(([a], [b]) => (a < b ? -1 : 1)))),
      items_wo_version: version,
    };
    this.resource = new ProviderResource(this, "variable", "nomad_variable", () => ({ attributes }));
  }

  /**
   * One of its values, for a task.
   *
   * @throws UserError where it has no such key
   */
  secret(key: string): Secret {
    if (!this.#keys.includes(key))
      throw UserError.at(
        [this.node.path, "items"],
        `has no key "${key}"; write one of ${this.#keys.map((each) => `"${each}"`).join(", ")}`,
        "cluster/value",
      );
    return Secret.fromNomadVariable(this.path, key);
  }

  /** @internal The tasks of a job may read its own path, what is below it, and what all jobs share. */
  override isUsedBy(job: Job): boolean {
    const own = `nomad/jobs/${job.id}`;
    return this.path === own || this.path.startsWith(`${own}/`) || this.path === "nomad/jobs";
  }
}
