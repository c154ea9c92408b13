import { Keys } from "@cdktf/provider-consul/lib/keys";
import { ConsulProvider } from "@cdktf/provider-consul/lib/provider";
import { Variable } from "@cdktf/provider-nomad/lib/variable";
import { TerraformResource, TerraformStack, TerraformVariable } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { checkProps, OBJECT, oneOfTexts, TOKEN_IN_STRING, type PropKinds } from "../jobspec/host";
import {
  holdsSecretForm,
  isRecordable,
  LARGEST_TEXT,
  layOut,
  projectIdentity,
  projectName,
  recordPath,
  PLACE_VARIABLES,
  PROJECT_CONTEXT,
  tooLarge,
  type RecordContent,
  type RecordedInConsul,
  type RecordedValue,
  type RecordEntry,
} from "../stack-record";
import { isMarked, mark } from "./marks";
import { NomadJob } from "./nomad-job";
import { consulProvider, nomadProvider } from "./providers";
import { stackOwner } from "./stack-settings";
import { pauseStackTraces } from "./stack-traces";
import { terraformJson } from "./terraform-text";

/** Properties of {@link StackRecord}. */
export interface StackRecordProps {
  /**
   * The environment variables that the program looked at, by their names; undefined for one that is not set. Commands that only look
   * at the stack take them from the record of its last deployment, where they are not set now.
   *
   * @default - nothing
   */
  readonly environmentVariables?: Readonly<Record<string, string | undefined>>;
  /**
   * What keeps the record: Consul's KV store, or variables of Nomad.
   *
   * @default - Consul where the stack has something in it, else Nomad
   */
  readonly store?: "consul" | "nomad";
}

const KINDS: PropKinds<StackRecordProps> = { environmentVariables: OBJECT, store: oneOfTexts("consul", "nomad") };

/** What a token may become longer than it is, in bytes: names are cut at 512. */
const LONGEST_TOKEN = 600;

/**
 * The record of a stack, as a resource of it: its jobs, what it made in Consul, the values of its variables that are not sensitive, and the
 * environment variables that decided it. `cdk-nomad deploy` writes the same content. It stands beside the jobs and changes none of them. A stack whose program is
 * synthesized by this library's `synthesize` has one in any case. Made once all jobs are there.
 *
 * The project in it is the `projectId` of cdktf.json, or the context `cdk-nomad/project` where somebody wants another name; beside it stands the name in the project's
 * package.json, for people.
 */
export class StackRecord extends Construct {
  readonly #stack: TerraformStack;
  readonly #props: StackRecordProps;
  readonly #project: string;
  readonly #projectName: string | undefined;
  readonly #size: number;

  constructor(scope: Construct, id: string, props: StackRecordProps = {}) {
    super(scope, id);
    mark(this, "StackRecord");
    checkProps(props, this.node.path, KINDS);
    this.#stack = TerraformStack.of(this);
    this.#props = props;
    const context: unknown = this.node.tryGetContext(PROJECT_CONTEXT);
    const named = typeof context === "string" && context !== "" ? context : undefined;
    this.#project = named ?? projectIdentity(process.cwd());
    this.#projectName = named ?? projectName(process.cwd());
    const entries = this.entries();
    this.#size = entries.length;
    const inConsul = props.store === undefined ? hasConsul(this.#stack) : props.store === "consul";
    if (inConsul) new RecordKeys(this, () => this.entries());
    else
      for (const [index, { path }] of entries.entries())
        new RecordVariable(this, index === 0 ? "head" : `part-${index}`, path, () => this.entries()[index]);
    this.node.addValidation({ validate: () => this.changedMeanwhile() });
  }

  /** What the project is called in it. */
  get project(): string {
    return this.#project;
  }

  /** The path that the record's head has: a key of Consul, or a variable of Nomad. */
  get path(): string {
    return recordPath({ project: this.#project, environment: this.#stack.node.id });
  }

  /** The record of a stack, where it has one. */
  static of(stack: TerraformStack): StackRecord | undefined {
    return stack.node.findAll().find((construct) => StackRecord.isStackRecord(construct));
  }

  /** Whether this construct is a StackRecord, also one of another copy of this package. */
  static isStackRecord(construct: unknown): construct is StackRecord {
    return isMarked(construct, "StackRecord");
  }

  private changedMeanwhile(): string[] {
    return this.entries().length === this.#size
      ? []
      : [`${this.node.path}: make it once all jobs of the stack are there`];
  }

  private entries(): readonly RecordEntry[] {
    return layOut(this.content(), (json) => LONGEST_TOKEN * (json.match(TOKEN_IN_STRING)?.length ?? 0));
  }

  private content(): RecordContent {
    const { environmentVariables = {} } = this.#props;
    const constructs = this.#stack.node.findAll();
    const variables = constructs.flatMap(recordable);
    return {
      project: this.#project,
      environment: this.#stack.node.id,
      ...(this.#projectName === undefined ? {} : { projectName: this.#projectName }),
      owner: stackOwner(this.#stack),
      variables: Object.fromEntries(variables.map((variable) => [variable.friendlyUniqueId, variable.stringValue])),
      defaults: Object.fromEntries(
        variables.flatMap(({ friendlyUniqueId, default: byDefault }) =>
          byDefault === undefined ? [] : [[friendlyUniqueId, byDefault as RecordedValue]],
        ),
      ),
      environmentVariables: Object.fromEntries(
        Object.entries({ ...placeVariables(), ...environmentVariables }).flatMap(([name, value = null]) =>
          holdsSecretForm(value) ? [] : [[name, value]],
        ),
      ),
      jobs: constructs
        .filter((construct) => NomadJob.isNomadJob(construct))
        .map(({ job: { id, region, namespace } }) => ({ id, region, namespace })),
      consul: constructs.flatMap(inConsul),
    };
  }
}

/** Where jobs go that do not say it, as far as the environment says it. */
function placeVariables(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(PLACE_VARIABLES).flatMap((name) => {
      const value = process.env[name];
      return value ? [[name, value]] : [];
    }),
  );
}

/**
 * Gives every stack that has jobs a record, where it has none: who synthesizes a program calls it once all of it is there.
 *
 * @param scope the program
 */
export function recordStacks(scope: IConstruct): void {
  for (const stack of scope.node.findAll().filter((construct) => TerraformStack.isStack(construct))) {
    const hasJobs = stack.node.findAll().some((construct) => NomadJob.isNomadJob(construct));
    if (hasJobs && StackRecord.of(stack) === undefined) new StackRecord(stack, "cdk-nomad-record");
  }
}

function recordable(construct: IConstruct): readonly TerraformVariable[] {
  if (!(construct instanceof TerraformVariable)) return [];
  const { friendlyUniqueId, sensitive, default: byDefault } = construct;
  const value = byDefault as RecordedValue | undefined;
  return isRecordable(friendlyUniqueId, { sensitive: sensitive === true, default: value }) ? [construct] : [];
}

/** What a stack makes in Consul, whichever class made the resource. */
function inConsul(construct: IConstruct): readonly RecordedInConsul[] {
  if (!TerraformResource.isTerraformResource(construct)) return [];
  const { terraformResourceType: type } = construct;
  const input = construct as unknown as Readonly<Record<string, unknown>>;
  if (type === "consul_key_prefix") return [{ kind: "keys", name: String(input.pathPrefixInput) }];
  if (type === "consul_config_entry") return [{ kind: String(input.kindInput), name: String(input.nameInput) }];
  return [];
}

function hasConsul(stack: TerraformStack): boolean {
  return stack.node.findAll().some((construct) => construct instanceof ConsulProvider);
}

/**
 * What Terraform asks of a record while it plans, when the values of variables are known: a server that refuses it would do so once jobs are there.
 *
 * @param condition an expression of Terraform, with what says of the expression of a text that it is not too large
 */
function withinBounds(
  store: keyof typeof LARGEST_TEXT,
  condition: (fits: (text: string) => string) => string,
): { readonly condition: string; readonly errorMessage: string } {
  // Of Terraform's functions none counts bytes but through base64, which has four characters for three.
  const most = Math.ceil(LARGEST_TEXT[store] / 3) * 4;
  const fits = (text: string) => `length(base64encode(${text})) <= ${most}`;
  return {
    condition: `\${${condition(fits)}}`,
    errorMessage: `This stack is not brought: ${tooLarge(undefined, store)}.`,
  };
}

/** The keys of a record. Its texts are made when it is synthesized, as those of jobs. */
class RecordKeys extends Keys {
  readonly #entries: () => readonly RecordEntry[];

  constructor(record: StackRecord, entries: () => readonly RecordEntry[]) {
    const resume = pauseStackTraces();
    try {
      super(record, "keys", { provider: consulProvider(TerraformStack.of(record)) });
    } finally {
      resume();
    }
    this.#entries = entries;
    this.addOverride("//.record", { head: record.path, project: record.project });
    this.lifecycle = {
      postcondition: [withinBounds("consul", (fits) => `alltrue([for each in self.key : ${fits("each.value")}])`)],
    };
  }

  /** @internal */
  protected override synthesizeAttributes(): Record<string, unknown> {
    const key = this.#entries().map(({ path, value }) => ({ path, value: terraformJson(value), delete: true }));
    return { ...super.synthesizeAttributes(), key };
  }

  /** @internal */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    const { key } = this.synthesizeAttributes();
    const block = { value: key, isBlock: true, type: "set", storageClassType: "KeysKeyList" };
    return { ...super.synthesizeHclAttributes(), key: block };
  }
}

/** One variable of a record. */
class RecordVariable extends Variable {
  readonly #entry: () => RecordEntry | undefined;

  constructor(record: StackRecord, id: string, path: string, entry: () => RecordEntry | undefined) {
    const resume = pauseStackTraces();
    try {
      super(record, id, { provider: nomadProvider(TerraformStack.of(record)), path, items: {} });
    } finally {
      resume();
    }
    this.#entry = entry;
    this.addOverride("//.record", { head: record.path, project: record.project });
    this.lifecycle = { postcondition: [withinBounds("nomad", (fits) => fits('self.items["record"]'))] };
  }

  /** @internal */
  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...super.synthesizeAttributes(), items: { record: terraformJson(this.#entry()?.value) } };
  }

  /** @internal */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    const { items } = this.synthesizeAttributes();
    const value = { value: items, isBlock: false, type: "map", storageClassType: "stringMap" };
    return { ...super.synthesizeHclAttributes(), items: value };
  }
}
