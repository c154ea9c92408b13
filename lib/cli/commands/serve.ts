import { UserError } from "../../jobspec";
import { ConsulStore, NomadExecutor, NomadManager, NomadStore } from "../../pools";
import {
  clusterPools,
  createService,
  isLoopback,
  serve as serveUntil,
  tokenFile,
  Tokens,
  tokenVariable,
  type LogLevel,
} from "../../service";
import { block, term } from "../../text";
import { choice, command, flag, value, values } from "../command";
import { clients, clusterHere, type CliContext } from "../context";
import { EXIT } from "../exit-codes";
import { sayWhere } from "../meant-cluster";
import { duration, wholeNumber } from "../options";
import { packageVersion } from "../package-version";

/** How long commands may take to end by themselves once the service was told to stop, in milliseconds. Nomad's own patience is that of the job. */
const GRACE = 25_000;
/** After that: closing connections, handing leases over. */
const LAST_STEPS = 10_000;

/** The pools' HTTP service. It keeps nothing that another one would miss. */
export const serve = command({
  name: "serve",
  summary: "serve the pools over HTTP: claim, execute, release; it keeps no state of its own",
  options: {
    listen: value("address", "where it listens, also POOL_SERVICE_LISTEN; 127.0.0.1 where nothing is said"),
    port: value("number", "its port, also POOL_SERVICE_PORT; 8790 where nothing is said", wholeNumber),
    pool: values("name", "a pool that it serves, also POOL_SERVICE_POOLS with commas between them"),
    tokens: value("file", "the tokens that it knows, in a file of mode 600; also POOL_SERVICE_TOKENS"),
    tokensVariable: value("path", "the same in a Nomad variable; also POOL_SERVICE_TOKENS_VARIABLE"),
    noToken: flag("ask for no token; on 127.0.0.1 only"),
    store: value(
      "store",
      "where leases are kept, consul or nomad; also POOL_SERVICE_STORE; consul where nothing is said",
    ),
    runtime: value(
      "driver",
      "how commands are run that no container is free for: docker, exec or raw_exec; also POOL_SERVICE_RUNTIME; docker where nothing is said",
    ),
    reuse: value(
      "what",
      "what becomes of a container that was released: replace, or same-owner (emptied for its owner's next command); also POOL_SERVICE_REUSE; replace where nothing is said",
    ),
    grace: value("duration", "how long commands may take to end once it is told to stop, such as 25s", duration),
    logLevel: choice("level", "how much is logged, a line of JSON each", ["debug", "info", "warn", "error"], "info"),
    json: flag(
      "once it listens, print one JSON value on stdout with its address and pools, also of an error; the log goes to stderr then",
    ),
  },
  examples: [
    "cdk-nomad serve --pool warm-pool-openai --no-token",
    "cdk-nomad serve --listen 0.0.0.0 --port 8790 --pool warm-pool-openai --tokens-variable nomad/jobs/pool-service",
  ],
  exitCodes: { [EXIT.ok]: "it was told to stop, and has" },
  interrupted: term`leases stand for their time, and another service serves them: cdk-nomad serve`,
  lettingGo: GRACE + LAST_STEPS,
  async run(input, context) {
    const { env, terminal, signal } = context;
    const settings = settingsOf(input, env);
    const { nomad, consul } = clients(context, clusterHere(context));
    sayWhere({ nomad, consul }, context);
    const store =
      settings.store === "nomad" ? new NomadStore(nomad.http.connection) : new ConsulStore(consul.http.connection);
    const executor = new NomadExecutor(nomad);
    const logTo = input.json ? "stderr" : "stdout";
    const stream = { write: (line: string) => terminal.pass(block(line.trimEnd()), logTo) };
    const onTrouble = (message: string) => terminal.pass(term`${message}`, "stderr");
    const tokens = tokensOf(settings, nomad, context.machine);
    // What is wrong with them is said before anything listens; those that are not there yet are waited for, and nobody is answered until then.
    if (tokens !== "none" && !(await tokens.present())) onTrouble(`there are no tokens yet: ${tokens.trouble ?? ""}`);
    const pools = clusterPools({
      nomad,
      consul,
      store,
      executor,
      pools: settings.pools,
      runtime: new NomadManager({ nomad, executor, execution: { kind: settings.runtime } }),
      reuse: settings.reuse,
      onTrouble,
    });
    const service = await createService({
      pools,
      tokens,
      now: () => performance.now(),
      version: packageVersion(),
      log: { level: input.logLevel satisfies LogLevel, stream },
    });
    await serveUntil(service, {
      host: settings.host,
      port: settings.port,
      grace: input.grace?.milliseconds ?? GRACE,
      signal,
      onListening: (address) => {
        const { pools: served } = settings;
        if (input.json) terminal.json({ address, pools: served, openapi: `${address}/openapi.json` });
        else terminal.note(term`serving ${served.join(", ")} at ${address}; its routes: ${address}/openapi.json`);
      },
    });
    return EXIT.ok;
  },
});

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly pools: readonly string[];
  readonly store: "consul" | "nomad";
  readonly runtime: "docker" | "exec" | "raw_exec";
  readonly reuse: "replace" | "same-owner";
  readonly tokens: { readonly file: string } | { readonly variable: string } | "none";
}

interface Input {
  readonly listen: string | undefined;
  readonly port: number | undefined;
  readonly pool: readonly string[];
  readonly tokens: string | undefined;
  readonly tokensVariable: string | undefined;
  readonly noToken: boolean;
  readonly store: string | undefined;
  readonly runtime: string | undefined;
  readonly reuse: string | undefined;
}

/** What the options say, and the variables where they say nothing. @throws UserError */
function settingsOf(input: Input, env: CliContext["env"]): Settings {
  const host = input.listen ?? (env.POOL_SERVICE_LISTEN || "127.0.0.1");
  const port = input.port ?? (env.POOL_SERVICE_PORT ? wholeNumber(env.POOL_SERVICE_PORT, "POOL_SERVICE_PORT") : 8790);
  if (port > 65_535) throw UserError.at("--port", `${port} is no port; write 8790, say`, "option");
  const named = (env.POOL_SERVICE_POOLS ?? "").split(",").map((name) => name.trim());
  const pools = [...new Set(input.pool.length > 0 ? input.pool : named.filter((name) => name !== ""))];
  for (const name of pools)
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name))
      throw UserError.at("--pool", `"${name}" is no name of a pool; write warm-pool-openai, say`, "option");
  if (pools.length === 0)
    throw UserError.at("--pool", "no pool is named; write --pool warm-pool-openai, say", "option");
  const store = oneOf(["consul", "nomad"], input.store ?? env.POOL_SERVICE_STORE, "--store");
  const runtime = oneOf(["docker", "exec", "raw_exec"], input.runtime ?? env.POOL_SERVICE_RUNTIME, "--runtime");
  const reuse = oneOf(["replace", "same-owner"], input.reuse ?? env.POOL_SERVICE_REUSE, "--reuse");
  return { host, port, pools, store, runtime, reuse, tokens: wantedTokens(input, env, host) };
}

/** One of a few; the first of them where nothing is said. */
function oneOf<const C extends string>(choices: readonly [C, ...C[]], text: string | undefined, name: string): C {
  if (text === undefined || text === "") return choices[0];
  const found = choices.find((each) => each === text);
  if (found === undefined) throw UserError.at(name, `"${text}" is none of ${choices.join(", ")}`, "option");
  return found;
}

function wantedTokens(input: Input, env: CliContext["env"], host: string): Settings["tokens"] {
  if (input.noToken) {
    if (isLoopback(host)) return "none";
    throw UserError.at(
      "--no-token",
      `everybody who reaches ${host} could run commands; listen on 127.0.0.1, or write --tokens`,
      "option",
    );
  }
  const file = input.tokens ?? (env.POOL_SERVICE_TOKENS || undefined);
  const variable = input.tokensVariable ?? (env.POOL_SERVICE_TOKENS_VARIABLE || undefined);
  if (file !== undefined && variable !== undefined)
    throw UserError.at("--tokens", "there is a file and a variable; write one of the two", "option");
  if (file !== undefined) return { file };
  if (variable !== undefined) return { variable };
  throw UserError.at(
    "--tokens",
    "without tokens everybody could run commands; make one with cdk-nomad pool token create --owner <name> --scope execute --file tokens.jsonl, or write --no-token",
    "option",
  );
}

function tokensOf(
  { tokens }: Settings,
  nomad: ReturnType<typeof clients>["nomad"],
  { uid }: CliContext["machine"],
): Tokens | "none" {
  if (tokens === "none") return "none";
  const now = () => performance.now();
  if ("file" in tokens) return new Tokens(tokenFile(tokens.file, uid), now);
  const reader = { items: async (path: string) => (await nomad.variable(path))?.Items };
  return new Tokens(tokenVariable(tokens.variable, reader), now);
}
