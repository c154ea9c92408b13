import type { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { Path, Problem } from "../../errors";
import type { Job } from "../../jobspec";
import { checkProps, isKnown, type PropKind } from "../../jobspec/host";
import { errorLines } from "../allowed";
import { isMarked, mark } from "../marks";

/**
 * Something that a cluster has beside its jobs, such as a namespace: a resource of Terraform. `cdk-nomad deploy` brings jobs and what they need of Consul, and
 * refuses a stack with one of these, since Terraform alone brings it; `destroy` leaves it and says so, and `drift` says that it is not looked at.
 */
export abstract class ClusterConstruct extends Construct {
  /** The resource, for `dependsOn` and for Terraform's own settings. */
  abstract readonly resource: TerraformResource;
  /** The namespace that it is in, where it names one. */
  readonly namespace: string | undefined;
  readonly #problems: Problem[] = [];

  protected constructor(scope: Construct, id: string, props: object, kinds: Readonly<Record<string, PropKind>>) {
    super(scope, id);
    mark(this, "ClusterConstruct");
    checkProps(props, this.node.path, kinds);
    this.namespace = (props as { readonly namespace?: string }).namespace;
    this.node.addValidation({ validate: () => errorLines(this.problems()) });
  }

  /** Whether this construct is one of these, also one of another copy of this package. */
  static isClusterConstruct(construct: unknown): construct is ClusterConstruct {
    return isMarked(construct, "ClusterConstruct");
  }

  /** @internal Whether a job of its stack needs it, and so comes after it. */
  isUsedBy(_job: Job): boolean {
    return false;
  }

  /** @internal Whether another construct of its stack is in it, and so comes after it. */
  holds(_construct: ClusterConstruct): boolean {
    return false;
  }

  /** Everything that is wrong with it, with what synthesis refuses as an error. */
  problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Notes what is wrong with one of its properties. */
  protected report(path: Path, message: string, rule = "cluster/value"): void {
    this.#problems.push({ rule, path, message, severity: "error" });
  }

  protected reportAll(problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }

  /** Reports a text that does not match, where it is known while the program is synthesized. */
  protected checkText(path: Path, value: unknown, pattern: RegExp, write: string): void {
    if (!isKnown(value)) return;
    if (typeof value !== "string") this.report(path, `is no text; write ${write}`);
    else if (!pattern.test(value)) this.report(path, `"${value}" cannot be used; write ${write}`);
  }

  /** Reports a description that is longer than a server takes. */
  protected checkDescription(description: string | undefined): void {
    if (description !== undefined && description.length > 256)
      this.report(["description"], `has ${description.length} characters; write 256 or fewer`);
  }

  /** Reports a text that is none of a few. */
  protected checkOneOf(path: Path, value: unknown, values: readonly string[]): void {
    if (value === undefined || !isKnown(value) || values.includes(value as string)) return;
    this.report(
      path,
      `${JSON.stringify(value)} is not known; write one of ${values.map((each) => `"${each}"`).join(", ")}`,
    );
  }

  /** Reports two lists of which a server takes one. */
  protected checkEither(
    path: Path,
    lists: { readonly allowed?: unknown; readonly denied?: unknown } | undefined,
  ): void {
    if (lists?.allowed !== undefined && lists.denied !== undefined)
      this.report(path, "says what is allowed and what is denied; write one of both");
  }
}
