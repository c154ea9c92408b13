import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processesWith } from "../processes";
import { TestSandboxServer, type Answered } from "../sandbox-server";
import { until } from "../until";
import { ATTACKER, BYSTANDER, LEFT, reached, VICTIM, type Attack } from "./attack";

/** A sandbox server in which one slot works, with a secret in each place where one may be, and another one attacks. */
export class AttackedServer extends TestSandboxServer {
  #working: Promise<unknown> = Promise.resolve();
  #victim = "0";
  readonly evidence = join(this.folder, "evidence");
  /** A file that whoever starts the server has open, and leaves open for it. */
  readonly left = join(this.folder, "left");

  constructor(private readonly file: string) {
    super(file);
  }

  get target(): string {
    return join(this.dataDir, "slot_0");
  }

  /** The attacker's own folder. */
  get own(): string {
    return join(this.dataDir, "slot_1");
  }

  get token(): string {
    return readFileSync(this.tokenFile, "utf8").trim();
  }

  tool(tool: string, args: object): Promise<Answered> {
    return this.post("/execute", { slot_id: "slot_1", tool, args });
  }

  residentMegabytes(): number {
    return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1]) / 1024;
  }

  /** Starts it, and has the victim begin its work. */
  async begin(isolation: string): Promise<void> {
    const limits = ["processes=80", "fileSize=2", "memory=512", "openFiles=1024"].flatMap((limit) => [
      "--limit",
      limit,
    ]);
    writeFileSync(this.left, "left-by-the-starter\n", { mode: 0o600 });
    const leaving = ["bash", "-c", `exec ${LEFT}<"$0"; exec "$@"`, this.left];
    await this.start(["--slots", "4", "--isolation", isolation, ...limits], leaving);
    if (this.exitCode !== null) throw new Error(this.said);
    // What a command of the attacker's was told before is no other's.
    await this.bash(ATTACKER, "true", { env: { KEPT_SECRET: "secret-in-env" } });
    await this.work();
  }

  private async work(): Promise<void> {
    const plant = "echo secret-in-a-file > mine; chmod 644 mine; touch removable; echo secret-in-tmp > /tmp/victim-tmp";
    const script = `${plant}; (echo secret-in-shm > /dev/shm/victim-shm) 2>/dev/null; : secret-in-argument; touch began; exec sleep 987654`;
    this.#working = this.bash(VICTIM, script, { env: { SECRET: "secret-in-env" }, timeout: 600 });
    this.#working.catch(() => undefined);
    await until(
      "the victim works",
      () => existsSync(join(this.target, "began")) && processesWith("sleep 987654").length > 0,
    );
    this.#victim = processesWith("sleep 987654")[0] ?? "0";
  }

  /** Tries one. @returns what it reached; undefined where it was refused */
  async tried(attack: Attack): Promise<string | undefined> {
    if (attack.script !== undefined) {
      const answer = await this.bash(ATTACKER, this.filled(attack.script), { timeout: 15, ...attack.more });
      if (answer.body.output?.includes("BREACH")) return answer.body.output.slice(0, 300);
      if (reached(answer) !== undefined) return answer.body.output?.slice(0, 300);
    }
    return (await attack.then?.(this)) ?? (await this.harmed());
  }

  /** What of the victim's, of the server's or of others' is not as it was. */
  private async harmed(): Promise<string | undefined> {
    if (this.exitCode !== null) return "the server has ended";
    const bystander = await this.bash(BYSTANDER, "echo well", { timeout: 30 });
    if (bystander.body.output !== "well") return `another slot does not answer: ${JSON.stringify(bystander.body)}`;
    if (!existsSync(`/proc/${this.#victim}/stat`)) return "the victim's command has ended";
    if (readFileSync(join(this.target, "mine"), "utf8") !== "secret-in-a-file\n")
      return "the victim's file is another one";
    if ((statSync(this.target).mode & 0o777) !== 0o700) return "the victim's folder is open";
    return undefined;
  }

  private filled(script: string): string {
    const values: Readonly<Record<string, string>> = {
      ...{ TARGET: this.target, TOKEN: this.tokenFile, SLOTS: join(this.dataDir, ".slots"), DATA: this.dataDir },
      ...{ PROGRAM: this.file, SERVER: String(this.pid), PORT: String(this.port), VICTIM_PID: this.#victim },
      EVIDENCE: this.evidence,
    };
    return script.replace(
      /\b(?:TARGET|TOKEN|SLOTS|DATA|PROGRAM|SERVER|PORT|VICTIM_PID|EVIDENCE)\b/g,
      (name) => values[name] ?? name,
    );
  }

  /** Ends it with all that the victim left. */
  async finish(): Promise<void> {
    await this.end();
    await this.#working.catch(() => undefined);
    this.remove();
  }
}
