import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobJson } from "../../lib/nomad";
import type { PlantedProgram } from "../operate/programs/planted-secrets";
import type { TestCluster } from "./cluster";
import { leaksIn, NAMED, PLACES, ENVIRONMENT, valuesOf, VARIABLES } from "./planted";
import { cli, environment } from "./run-cli";

/** What was looked at, and what of the secrets was found there. */
export interface Finding {
  /** A command, a file, or the list of processes. */
  readonly where: string;
  readonly leaks: readonly string[];
}

/** What a run with planted secrets found. */
export interface PlantedRun {
  readonly findings: readonly Finding[];
  /** Exit codes by command. */
  readonly codes: ReadonlyMap<string, number | null>;
  readonly outputs: ReadonlyMap<string, string>;
  /** Files and folders of the project's own folder that others may read. */
  readonly open: readonly string[];
}

/** Runs every command that prints on a cluster and a program with planted secrets, and looks for them in all that it says and leaves. */
export async function runWithPlanted(
  cluster: TestCluster,
  onOutput: (command: string, text: string) => void = () => undefined,
): Promise<PlantedRun> {
  const { project } = cluster;
  const findings: Finding[] = [];
  const codes = new Map<string, number | null>();
  const outputs = new Map<string, string>();
  const change = (program: PlantedProgram) => project.change(program);
  const withPassword = (address: string, user: string) => address.replace("http://", `http://${user}@`);
  const envOf = (round: number) => ({
    ...environment(),
    NOMAD_ADDR: withPassword(cluster.addresses.NOMAD_ADDR, `ops:${ENVIRONMENT.nomadAddress.value(round)}`),
    CONSUL_HTTP_ADDR: withPassword(cluster.addresses.CONSUL_HTTP_ADDR, `ops:${ENVIRONMENT.consulAddress.value(round)}`),
    NOMAD_TOKEN: ENVIRONMENT.nomadToken.value(round),
    CONSUL_HTTP_TOKEN: ENVIRONMENT.consulToken.value(round),
    GITHUB_TOKEN: ENVIRONMENT.githubToken.value(round),
    TF_VAR_colour: VARIABLES.colour?.value(round),
  });
  const vars = (round: number) =>
    Object.entries(valuesOf(VARIABLES, round))
      .filter(([name]) => name !== "colour")
      .flatMap(([name, value]) => ["--var", `${name}=${value}`]);

  const run = async (round: number, args: readonly string[], more: readonly string[] = vars(round)) => {
    const stop = watchProcesses((line) => {
      const leaks = leaksIn(line);
      if (leaks.length > 0) findings.push({ where: `the list of processes during ${args.join(" ")}`, leaks });
    });
    const said = await cli([...args, ...more], { cwd: project.folder, env: envOf(round) });
    stop();
    const command = `${args.join(" ")} (round ${round})`;
    const text = `${said.stdout}\n${said.stderr}`;
    codes.set(command, said.code);
    outputs.set(command, text);
    onOutput(`${command} ended with ${said.code}`, text);
    findings.push({ where: command, leaks: leaksIn(text) });
    return said;
  };

  change({ round: 1 });
  for (const format of ["text", "markdown", "json"]) await run(1, ["preview", "lab", "--format", format]);
  for (const format of ["text", "json", "github"]) await run(1, ["validate", "lab", "--format", format], []);
  await run(1, ["capacity", "lab"]);
  await run(1, ["deploy", "lab"]);
  await run(1, ["status", "lab"]);
  await run(1, ["status", "lab", "--json"]);

  change({ round: 2 });
  for (const format of ["text", "markdown", "json"]) {
    const { stdout } = await run(2, ["preview", "lab", "--format", format]);
    if (format === "json") writeFileSync(join(project.folder, "preview.json"), stdout);
    await run(2, ["drift", "lab", "--format", format]);
  }
  await editMailer(cluster, "A password that somebody typed in by hand");
  await run(2, ["deploy", "lab", "--preview", "preview.json"]);
  await run(2, ["drift", "lab", "--fix"]);
  await run(2, ["drift", "lab", "--fix", "--json"]);
  await run(2, ["deploy", "lab", "--json"]);

  change({ round: 2, crashes: true });
  await run(2, ["deploy", "lab", "--timeout", "25s"]);
  await run(2, ["status", "lab"]);
  await run(2, ["status", "lab", "--json"]);
  await run(2, ["deploy", "lab", "--force", "--detach", "--json"]);
  for (const command of ["promote", "fail", "rollback"]) await run(2, [command, "lab"]);
  await run(2, ["rollback", "lab", "--job", "mailer", "--to", "0", "--detach"]);
  await run(2, ["preview", "lab"], ["--var", `amount=${PLACES.crash.value(2)}`, "--var", "tiny=abc"]);
  await run(2, ["preview", "lab"], []);
  // Wrong addresses, with their passwords in them.
  const refused = await cli(["preview", "lab", ...vars(2)], {
    cwd: project.folder,
    env: { ...envOf(2), NOMAD_ADDR: `http://ops:${ENVIRONMENT.nomadAddress.value(2)}@127.0.0.1:1` },
  });
  findings.push({ where: "preview where nobody answers", leaks: leaksIn(`${refused.stdout}${refused.stderr}`) });

  const open: string[] = [];
  for (const { path, mode } of filesBelow(project.cluster.folder)) {
    if ((mode & 0o077) !== 0) open.push(`${(mode & 0o777).toString(8)} ${path.slice(project.folder.length + 1)}`);
    const leaks = statSync(path).isFile() ? leaksIn(readFileSync(path, "utf8")) : [];
    if (leaks.length > 0) findings.push({ where: path, leaks });
  }
  return { findings, codes, outputs, open };
}

/** Somebody changes the job past the program. */
async function editMailer({ nomad }: TestCluster, note: string): Promise<void> {
  const job = (await nomad.job("mailer")) as JobJson;
  const groups = job.TaskGroups as { Tasks: { Env: Record<string, string> }[] }[];
  const [task] = groups[0]?.Tasks ?? [];
  if (!task) throw new Error("the job has no task");
  task.Env = { ...task.Env, SMTP_PASS: NAMED.PGPASSWORD?.value(2) ?? "", NOTE: note };
  await nomad.register(job, Number(job.JobModifyIndex));
}

/** Calls back with the command line of every process that comes, but those of this one. */
function watchProcesses(onProcess: (line: string) => void): () => void {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid) || seen.has(pid)) continue;
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        // What tasks were started with is in the job that was asked for.
        if (line === "" || line.includes("alloc") || line.startsWith("/bin/sleep")) continue;
        onProcess(line);
      } catch {
        seen.add(pid);
      }
    }
  };
  const timer = setInterval(look, 50);
  return () => clearInterval(timer);
}

/** Files and folders, without the data of the agents, which are theirs. */
function filesBelow(folder: string): readonly { readonly path: string; readonly mode: number }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const own = { path, mode: statSync(path).mode };
    if (!entry.isDirectory()) return [own];
    return entry.name === "data" || entry.name.endsWith(".lock") ? [own] : [own, ...filesBelow(path)];
  });
}
