import { writeSync } from "node:fs";
import { messageOf, UserError } from "../../../errors";
import {
  BrowserSessions,
  ConsulStore,
  NomadExecutor,
  NomadManager,
  NomadStore,
  PoolServiceJob,
  SlotPoolJob,
  type QemuMachine,
} from "../../../pools";
import {
  clusterPools,
  createService,
  isLoopback,
  serve as serveUntil,
  ServedBrowsers,
  tokenFile,
  Tokens,
  tokenVariable,
  type LogLevel,
  type SlotPoolToServe,
} from "../../../service";
import { GRACE, LISTEN, REUSES, RUNTIMES, STORES } from "../../../service/facts";
import { clusterEnvironments, pagePlugin } from "../../../page";
import { openPrivateFile } from "../../../private-files";
import { block, term } from "../../../text";
import { clients, clusterHere, type CliContext } from "../../context";
import { poolsWithoutJob } from "../../deployed-pools";
import { EXIT } from "../../exit-codes";
import { sayWhere } from "../../meant-cluster";
import { port as portOf, wholeNumber } from "../../options";
import { packageVersion } from "../../package-version";
import type { Input } from "../serve";

/** The pools' HTTP service. It keeps nothing that another one would miss. */
export async function run(input: Input, context: CliContext) {
  const { env, terminal } = context;
  const signal = input.withParent ? AbortSignal.any([context.signal, endOf(context.stdin)]) : context.signal;
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
    slotPools: settings.slotPools,
    runtime: new NomadManager({ nomad, executor, execution: { kind: settings.runtime } }),
    reuse: settings.reuse,
    onTrouble,
  });
  const now = () => performance.now();
  const { masking } = terminal;
  const environments = clusterEnvironments({ nomad, consul, masking, program: undefined, now, onTrouble });
  const audit = settings.auditLog === undefined ? stream : appendedFile(settings.auditLog);
  const browsers =
    settings.browsers &&
    new ServedBrowsers(new BrowserSessions({ nomad, store, onTrouble, ...settings.browsers }), onTrouble);
  const service = await createService({
    pools,
    browsers,
    tokens,
    names: settings.names,
    plugins: [pagePlugin(environments)],
    audit: { stream: audit, date: () => context.clock.date() },
    now,
    version: packageVersion(),
    limits: { commandsOfOwner: input.commandsOfOwner },
    log: { level: input.logLevel satisfies LogLevel, stream },
  });
  await serveUntil(service, {
    host: settings.host,
    port: settings.port,
    grace: input.grace?.milliseconds ?? GRACE,
    signal,
    onListening: (address) => {
      const served = [...pools.names, ...(browsers ? ["browser sessions"] : [])];
      if (input.json) terminal.json({ address, pools: served, openapi: `${address}/openapi.json` });
      else
        terminal.note(
          term`serving ${served.join(", ")} at ${address}; its routes: ${address}/openapi.json; its page: cdk-nomad ui --service`,
        );
      // It serves them all the same: a job may come later, and its service is there before. What it registers itself is on its way.
      void poolsWithoutJob(nomad, input.register ? settings.pools : pools.names).then(
        (missing) => {
          for (const name of missing)
            terminal.pass(
              term`no job of the pool ${name} runs, so nobody gets anything of it; deploy it, or see those that there are with: cdk-nomad pool status`,
              "stderr",
            );
        },
        (error: unknown) => onTrouble(`whether its pools are deployed is not known: ${messageOf(error)}`),
      );
    },
  });
  return EXIT.ok;
}

/** Is aborted once nobody can write to a stream any more; what is written is not read. */
function endOf(stream: CliContext["stdin"]): AbortSignal {
  const ended = new AbortController();
  for (const event of ["end", "close", "error"] as const) stream.once(event, () => ended.abort());
  stream.resume();
  return ended.signal;
}

/** A file of which nobody but its owner reads, and to which lines are appended. @throws UserError where it cannot be opened */
function appendedFile(path: string): { write(line: string): void } {
  try {
    const file = openPrivateFile(path, "a");
    return { write: (line) => void writeSync(file, line) };
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw UserError.at(
      "--audit-log",
      `${path} cannot be opened (${code}); write a file that this user may write`,
      "option",
    );
  }
}

interface Settings {
  readonly names: readonly string[];
  readonly auditLog: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly pools: readonly string[];
  readonly slotPools: readonly SlotPoolToServe[];
  readonly store: (typeof STORES)[number];
  readonly runtime: (typeof RUNTIMES)[number];
  readonly reuse: (typeof REUSES)[number];
  readonly browsers?: { readonly places: number; readonly machine: QemuMachine };
  readonly tokens: { readonly file: string } | { readonly variable: string } | "none";
}

/** What the options say, and the variables where they say nothing. @throws UserError */
function settingsOf(input: Input, env: CliContext["env"]): Settings {
  const host = input.listen ?? (env.POOL_SERVICE_LISTEN || LISTEN);
  const port =
    input.port ?? (env.POOL_SERVICE_PORT ? portOf(env.POOL_SERVICE_PORT, "POOL_SERVICE_PORT") : PoolServiceJob.PORT);
  const pools = namesOf("--pool", input.pool, env.POOL_SERVICE_POOLS);
  const slotPools = namesOf("--slot-pool", input.slotPool, env.POOL_SERVICE_SLOT_POOLS);
  const browsers = browsersOf(input, env);
  if (pools.length + slotPools.length === 0 && browsers === undefined)
    throw UserError.at("--pool", "no pool is named; write --pool warm-pool-openai, say", "option");
  const twice = slotPools.find((name) => pools.includes(name));
  if (twice !== undefined)
    throw UserError.at("--slot-pool", `"${twice}" is named as a warm pool too; write it once`, "option");
  const store = oneOf(STORES, input.store ?? env.POOL_SERVICE_STORE, "--store");
  const runtime = oneOf(RUNTIMES, input.runtime ?? env.POOL_SERVICE_RUNTIME, "--runtime");
  const reuse = oneOf(REUSES, input.reuse ?? env.POOL_SERVICE_REUSE, "--reuse");
  return {
    host,
    port,
    pools,
    slotPools: slotPoolsToServe(slotPools, input.register, env),
    store,
    runtime,
    reuse,
    names: entriesOf(input.name, env.POOL_SERVICE_NAMES).map((name) => name.toLowerCase()),
    auditLog: input.auditLog ?? (env.POOL_SERVICE_AUDIT_LOG || undefined),
    browsers,
    tokens: wantedTokens(input, env, host),
  };
}

/** The browser sessions that are served; undefined for none. */
function browsersOf(input: Input, env: CliContext["env"]): Settings["browsers"] {
  const { POOL_SERVICE_BROWSERS: named, POOL_SERVICE_BROWSER_FOLDER: place } = env;
  const places = input.browsers ?? (named ? wholeNumber(named, "POOL_SERVICE_BROWSERS") : 0);
  if (places === 0) return undefined;
  const folder = input.browserFolder ?? (place || undefined);
  const allow = entriesOf(input.browserAllow, env.POOL_SERVICE_BROWSER_ALLOW);
  return { places, machine: { kind: "qemu", allow, ...(folder === undefined ? {} : { folder }) } };
}

/** What an option names, or else a variable with commas between them. */
function entriesOf(given: readonly string[], variable = ""): readonly string[] {
  const entries = given.length > 0 ? given : variable.split(",");
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== "");
}

/** The names of pools, of an option or else of a variable. @throws UserError for what is no name */
function namesOf(option: string, given: readonly string[], variable = ""): readonly string[] {
  const names = [...new Set(given.length > 0 ? given : entriesOf([], variable))];
  const wrong = names.find((name) => !/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name));
  if (wrong !== undefined)
    throw UserError.at(option, `"${wrong}" is no name of a pool; write warm-pool-openai, say`, "option");
  return names;
}

/** @throws UserError where one is to be registered that is not served, or the variables of its job say what cannot be meant */
function slotPoolsToServe(
  names: readonly string[],
  register: boolean,
  env: CliContext["env"],
): readonly SlotPoolToServe[] {
  if (!register) return names.map((pool) => ({ pool }));
  const job = SlotPoolJob.fromEnvironment(env);
  if (names.includes(job.pool)) return names.map((pool) => (pool === job.pool ? { pool, job } : { pool }));
  throw UserError.at(
    "--register",
    `the pool that TERMINAL_NOMAD_JOB_ID names is not served; write --slot-pool ${job.pool} too`,
    "option",
  );
}

/** One of a few; the first of them is the default. */
function oneOf<C extends string>(choices: readonly [C, ...C[]], text: string | undefined, name: string): C {
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
