import { ConfigEntry } from "@cdktf/provider-consul/lib/config-entry";
import { KeyPrefix } from "@cdktf/provider-consul/lib/key-prefix";
import { TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { pathText, type Path, type Problem } from "../errors";
import {
  checkProps,
  isKnown,
  literalsAmong,
  OBJECTS,
  oneOfTexts,
  required,
  TEXT,
  TEXT_MAP,
  TEXTS,
  type PropKinds,
} from "../jobspec/host";
import { allowed, checkAllowed, errorLines, type AllowedRule } from "./allowed";
import { isMarked, mark } from "./marks";
import { consulProvider } from "./providers";
import { terraformJson } from "./terraform-text";

/** What a service speaks, for routing and for intentions that look inside. */
export type ServiceProtocol = "tcp" | "http" | "http2" | "grpc";

/** What Consul fills in by itself and gives back; written out, so that a plan shows no difference. */
const FILLED_IN = { Expose: {}, MeshGateway: {}, TransparentProxy: {} };

/** Properties of {@link ServiceDefaults}. */
export interface ServiceDefaultsProps {
  /** The service's name in Consul. */
  readonly service: string;
  /** What it speaks. */
  readonly protocol: ServiceProtocol;
}

const SERVICE_DEFAULTS: PropKinds<ServiceDefaultsProps> = {
  service: required(TEXT),
  protocol: required(oneOfTexts("tcp", "http", "http2", "grpc")),
};

/**
 * What Consul knows of a service by default.
 *
 * @see https://developer.hashicorp.com/consul/docs/connect/config-entries/service-defaults
 */
export class ServiceDefaults extends Construct {
  /** Terraform's resource for it. */
  readonly entry: ConfigEntry;

  constructor(scope: Construct, id: string, props: ServiceDefaultsProps) {
    super(scope, id);
    checkProps(props, this.node.path, SERVICE_DEFAULTS);
    this.entry = configEntry(this, "service-defaults", props.service, { Protocol: props.protocol, ...FILLED_IN });
  }
}

/** Properties of {@link ServiceResolver}. */
export interface ServiceResolverProps {
  /** The service's name. */
  readonly service: string;
  /** Subsets by name, each with a filter over Consul's health endpoint, such as `Service.Meta.channel == canary`. */
  readonly subsets: Readonly<Record<string, string>>;
  /**
   * The subset that gets the requests that name none.
   *
   * @default - all instances
   */
  readonly defaultSubset?: string;
  /**
   * What must be there before: Consul takes a resolver only once it knows what the service speaks.
   *
   * @default - nothing
   */
  readonly after?: readonly ServiceDefaults[];
}

const SERVICE_RESOLVER: PropKinds<ServiceResolverProps> = {
  service: required(TEXT),
  subsets: required(TEXT_MAP),
  defaultSubset: TEXT,
  after: OBJECTS,
};

/**
 * Which instances of a service are its subsets, so that a canary can be told from the rest.
 *
 * @see https://developer.hashicorp.com/consul/docs/connect/config-entries/service-resolver
 */
export class ServiceResolver extends Construct {
  /** Terraform's resource for it. */
  readonly entry: ConfigEntry;

  constructor(scope: Construct, id: string, props: ServiceResolverProps) {
    super(scope, id);
    checkProps(props, this.node.path, SERVICE_RESOLVER);
    const subsets = Object.entries(props.subsets).sort(([a], [b]) => (a < b ? -1 : 1));
    const body = {
      ...(props.defaultSubset === undefined ? {} : { DefaultSubset: props.defaultSubset }),
      Subsets: Object.fromEntries(subsets.map(([name, filter]) => [name, { Filter: filter }])),
    };
    this.entry = configEntry(
      this,
      "service-resolver",
      props.service,
      body,
      props.after?.map(({ entry }) => entry),
    );
  }
}

/** Properties of {@link Intentions}. */
export interface IntentionsProps {
  /** The service that is called, or `*` for every one. */
  readonly to: string;
  /**
   * Services that may call it.
   *
   * @default - none is named
   */
  readonly allow?: readonly string[];
  /**
   * Services that may not; `*` stands for all that are not named.
   *
   * @default - none is named; what Consul does by itself holds for them
   */
  readonly deny?: readonly string[];
}

const INTENTIONS: PropKinds<IntentionsProps> = { to: required(TEXT), allow: TEXTS, deny: TEXTS };

/**
 * Who may call a service through the mesh.
 *
 * @see https://developer.hashicorp.com/consul/docs/connect/config-entries/service-intentions
 */
export class Intentions extends Construct {
  /** Terraform's resource for them. */
  readonly entry: ConfigEntry;
  /** The service that is called, or `*` for every one. */
  readonly to: string;
  readonly #allowed: string[];
  readonly #denied: string[];

  constructor(scope: Construct, id: string, props: IntentionsProps) {
    super(scope, id);
    mark(this, "Intentions");
    checkProps(props, this.node.path, INTENTIONS);
    this.to = props.to;
    this.#allowed = [...(props.allow ?? [])];
    this.#denied = [...(props.deny ?? [])];
    this.entry = configEntry(this, "service-intentions", props.to, this.body());
    this.node.addValidation({ validate: () => errorLines(this.problems()) });
  }

  /** Whether this construct is an Intentions, also one of another copy of this package. */
  static isIntentions(construct: unknown): construct is Intentions {
    return isMarked(construct, "Intentions");
  }

  /** Lets one more service call it. */
  allow(service: string): this {
    return this.add(this.#allowed, "allow", service);
  }

  /** Keeps one more service from calling it; `*` stands for all that are not named. */
  deny(service: string): this {
    return this.add(this.#denied, "deny", service);
  }

  /** What Consul refuses of them: a service that stands there twice, or has no name, and none at all. */
  problems(): readonly Problem[] {
    const problem = (path: Path, message: string): Problem => ({
      rule: "consul/intentions",
      path,
      message,
      severity: "error",
    });
    const named = Object.entries({ allow: this.#allowed, deny: this.#denied }).flatMap(([list, names]) =>
      names.map((name, index) => ({ name, path: [list, { index }] as Path })),
    );
    if (named.length === 0) return [problem([], 'nobody is named; write allow: ["web"], or deny: ["*"]')];
    return named.flatMap(({ name, path }, at) => {
      if (!isKnown(name)) return [];
      if (name === "") return [problem(path, 'is empty; write the name of a service, or "*"')];
      const first = named.slice(0, at).find((each) => each.name === name);
      return first ? [problem(path, `"${name}" stands in ${pathText(first.path)} too; remove one of the two`)] : [];
    });
  }

  private add(names: string[], list: "allow" | "deny", service: string): this {
    checkProps({ service }, `${this.node.path}.${list}()`, { service: required(TEXT) });
    if (names.includes(service)) return this;
    names.push(service);
    this.entry.configJson = terraformJson(this.body());
    return this;
  }

  private body() {
    const source = (action: string) => (name: string) => ({
      Action: action,
      Name: name,
      Precedence: precedence(name, this.to),
      Type: "consul",
    });
    return { Sources: [...this.#allowed.map(source("allow")), ...this.#denied.map(source("deny"))] };
  }
}

/** What Consul works out by itself and gives back; written out, so that a plan shows no difference. */
function precedence(from: string, to: string): number {
  if (from !== "*" && to !== "*") return 9;
  if (to !== "*") return 8;
  return from === "*" ? 5 : 6;
}

/** Properties of {@link KeyValues}. */
export interface KeyValuesProps {
  /** What the keys have in common, such as `app/dev`. */
  readonly prefix: string;
  /** Values by what follows the prefix. */
  readonly values: Readonly<Record<string, string>>;
  /**
   * Secrets that may stand in plain here: `secret/literal` makes warnings of all of them, `secret/literal:app/token` says nothing of what
   * stands under that key.
   *
   * @default - a secret of a known form stops synthesis, one known by its name alone is a warning
   */
  readonly allow?: readonly AllowedRule[];
}

const KEY_VALUES: PropKinds<KeyValuesProps> = { prefix: required(TEXT), values: required(TEXT_MAP), allow: TEXTS };

/**
 * Keys that Terraform imports before it makes them. The provider refuses to make a prefix that has keys already, such as those that
 * `cdk-nomad deploy` brought; importing takes any prefix, also an empty one. cdktf's own `importFrom` runs `terraform version` while it
 * synthesizes, and nobody needs a Terraform for that.
 */
class ImportedKeys extends KeyPrefix {
  override toTerraform(): object {
    const { terraformResourceType, friendlyUniqueId } = this;
    const block = { id: this.pathPrefixInput, to: `${terraformResourceType}.${friendlyUniqueId}` };
    return { ...(super.toTerraform() as object), import: [block] };
  }
}

/**
 * Values under one prefix of Consul's KV: whatever else stands under it is removed. Terraform imports what is there already, such as what `cdk-nomad deploy`
 * brought (Terraform 1.5 or later).
 *
 * @see https://registry.terraform.io/providers/hashicorp/consul/latest/docs/resources/key_prefix
 */
export class KeyValues extends Construct {
  /** Terraform's resource for them. */
  readonly resource: KeyPrefix;
  /** The prefix, with a slash at its end. */
  readonly prefix: string;
  readonly #problems: readonly Problem[];

  constructor(scope: Construct, id: string, props: KeyValuesProps) {
    super(scope, id);
    mark(this, "KeyValues");
    checkProps(props, this.node.path, KEY_VALUES);
    this.#problems = [
      ...allowed(literalsAmong(props.values, "values"), checkAllowed(props.allow ?? [], this.node.path)),
      ...prefixProblems(props.prefix),
    ];
    this.node.addValidation({ validate: () => errorLines(this.#problems) });
    this.prefix = props.prefix.endsWith("/") ? props.prefix : `${props.prefix}/`;
    const subkeys = Object.fromEntries(Object.entries(props.values).sort(([a], [b]) => (a < b ? -1 : 1)));
    this.resource = new ImportedKeys(this, "values", {
      provider: consulProvider(TerraformStack.of(this)),
      pathPrefix: this.prefix,
      subkeys,
    });
  }

  /** Whether this construct is a KeyValues, also one of another copy of this package. */
  static isKeyValues(construct: unknown): construct is KeyValues {
    return isMarked(construct, "KeyValues");
  }

  /** Secrets that stand in plain among the values, with what synthesis refuses as an error. */
  problems(): readonly Problem[] {
    return this.#problems;
  }
}

/** Without a prefix, Terraform and `cdk-nomad deploy` would remove every other key of the cluster. */
function prefixProblems(prefix: string): readonly Problem[] {
  if (Token.isUnresolved(prefix) || prefix.replaceAll("/", "") !== "") return [];
  const message = "is empty, so that every key of Consul would be the stack's; write one, such as app/dev";
  return [{ rule: "keys/prefix", path: ["prefix"], message, severity: "error" }];
}

function configEntry(
  scope: Construct,
  kind: string,
  name: string,
  body: Record<string, unknown>,
  dependsOn?: ConfigEntry[],
): ConfigEntry {
  const provider = consulProvider(TerraformStack.of(scope));
  return new ConfigEntry(scope, "entry", { provider, kind, name, configJson: terraformJson(body), dependsOn });
}
