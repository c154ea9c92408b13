import { type Block, Cpu, Driver, Duration, Memory, Port } from "../../lib/jobspec";
import { definitionOf, type Field } from "../../lib/jobspec/host";

/** Values that say something, by the property's name. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  address: "10.0.0.7",
  args: ["--port", "${NOMAD_PORT_http}"],
  attribute: "${attr.kernel.name}",
  audience: ["vault.io"],
  canary: 1,
  command: "/bin/app",
  count: 3,
  cron: "0 3 * * *",
  crons: ["0 3 * * *"],
  data: 'KEY={{ key "app/key" }}\n',
  datacenters: ["dc1"],
  description: "The web, as customers see it",
  destination: "local/app.env",
  destinationName: "database",
  end: "30 17",
  file: "request.json",
  hosts: ["web.example.com"],
  id: "web",
  image: "nginx:1.29",
  imagePath: "local/image.qcow2",
  ip: "10.0.0.7/24",
  label: "http",
  listenerPort: "health",
  localBindPort: 5432,
  localPathPort: 8080,
  max: 10,
  mode: undefined,
  name: "web",
  path: "/health",
  port: 8080,
  priority: 70,
  provider: undefined,
  role: "web",
  serverAddress: "registry.example.com",
  source: "app-data",
  start: "0 0 9 * * MON-FRI",
  static: 8080,
  target: "/data",
  timeZone: "Europe/Berlin",
  url: "https://example.com/runbook",
  value: "linux",
  volume: "data",
  weight: 50,
};

/** Text ports, where most are numbers. */
const TEXT_PORTS = new Set(["Service", "ServiceCheck", "ConsulSidecarService"]);
const MOST = 5;

/** A block that shows how one of its kind is written: what it needs, and some of what it may have. */
export function sample(type: new (props: never) => Block, depth = 0): Block {
  const definition = definitionOf(type);
  const props: Record<string, unknown> = {};
  const wanted = [...definition.list].sort((a, b) => Number(b.field.required) - Number(a.field.required));
  for (const { name, field } of wanted) {
    const enough = Object.keys(props).length >= MOST;
    if (!field.required && (enough || field.options.deprecated || field.options.hcl === "" || field.options.enterprise))
      continue;
    const value = valueOf(name, field, definition.api, depth);
    if (value !== undefined) props[name] = value;
  }
  return new type(props as never);
}

function valueOf(name: string, field: Field, api: string, depth: number): unknown {
  if (name === "port" && TEXT_PORTS.has(api)) return "http";
  const named = BY_NAME[name];
  switch (field.kind) {
    case "string":
      return typeof named === "string" && (field.values?.includes(named) ?? true)
        ? named
        : (field.values?.[0] ?? (field.required ? name : undefined));
    case "int":
      return typeof named === "number" ? named : (plainDefault(field) ?? (field.required ? 1 : undefined));
    case "bool":
      return field.options.default === undefined ? undefined : !field.options.default;
    case "duration":
      return typeof field.options.default === "number" && field.options.default > 0
        ? Duration.nanoseconds(field.options.default)
        : field.required
          ? Duration.seconds(10)
          : undefined;
    case "mebibytes":
      return Memory.mebibytes(
        typeof field.options.default === "number" && field.options.default > 0 ? field.options.default : 256,
      );
    case "strings":
      return Array.isArray(named) ? named : field.required ? ["a"] : undefined;
    case "block":
      return field.required || depth === 0 ? nested(field, depth) : undefined;
    case "blocks":
    case "block-map":
      return field.required || depth === 0 ? [nested(field, depth)] : undefined;
    case "special":
      return special(field);
    default:
      return undefined;
  }
}

function nested(field: Field, depth: number): Block | undefined {
  return depth > 2 ? undefined : sample((field.of as () => new (props: never) => Block)(), depth + 1);
}

function special(field: Field): unknown {
  if (field.api.includes("Driver")) return Driver.docker({ image: "nginx:1.29", ports: ["http"] });
  if (field.api.includes("CPU")) return Cpu.mhz(500);
  return [Port.dynamic("http", { to: 8080 })];
}

function plainDefault({ options }: Field): number | undefined {
  return typeof options.default === "number" && options.default > 0 ? options.default : undefined;
}
