import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { UserError } from "../errors";
import { writePrivateFile } from "../private-files";
import { addressOf, filesOf, portOf, type NomadAgent } from "./agents";
import type { ClusterKeys } from "./cluster-keys";
import { answersItself } from "./cluster-status";
import { livingAgents } from "./living-agents";
import { holderOf } from "./ports";
import { leads } from "./readiness";

/** How long a Nomad may take to answer without TLS, in milliseconds. */
const PATIENCE = 20_000;

const configuration = v.looseObject({ tls: v.looseObject({}) });

/**
 * Keeps everybody else out of a Nomad until it has given its first token, which it gives to whoever asks first: until then it speaks TLS alone, on
 * every port, and with whoever has the cluster's certificate.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/tls
 */
export class Guard {
  /** @param patience how long it may take to answer without TLS, in milliseconds. Default: 20 s */
  constructor(
    private readonly folder: string,
    private readonly agent: NomadAgent,
    private readonly keys: ClusterKeys,
    private readonly patience = PATIENCE,
  ) {}

  /** Where the Nomad answers meanwhile. */
  get address(): string {
    return addressOf(this.agent).replace(/^http:/, "https:");
  }

  /** The variables with which a client of Nomad is let in. */
  get variables(): Readonly<Record<string, string>> {
    const { caFile, certFile, keyFile } = this.keys;
    return { NOMAD_CACERT: caFile, NOMAD_CLIENT_CERT: certFile, NOMAD_CLIENT_KEY: keyFile };
  }

  /**
   * Lets everybody ask, who is refused now without a token. Nomad gives its port away for a moment meanwhile, and whoever takes it then is not believed.
   *
   * @throws UserError where the Nomad does not answer without TLS, or somebody else does
   */
  async lift(signal?: AbortSignal): Promise<void> {
    const { config, log } = filesOf(this.folder, this.agent.name);
    const guarded = v.parse(configuration, JSON.parse(readFileSync(config, "utf8")));
    const open = { ...guarded, tls: { ...guarded.tls, http: false } };
    writePrivateFile(config, `${JSON.stringify(open, null, 2)}\n`);
    const pid = livingAgents(this.folder).find(({ name }) => name === this.agent.name)?.pid;
    // Nomad reads its configuration again.
    if (pid !== undefined) process.kill(pid, "SIGHUP");
    for (
      const end = performance.now() + this.patience;
      !(await this.isLifted());
      await sleep(50, undefined, { signal })
    ) {
      if (performance.now() <= end) continue;
      const holder = answersItself(this.folder, this.agent) ? undefined : holderOf(portOf(this.agent));
      throw UserError.at(
        "",
        holder === undefined
          ? `${this.agent.name} does not answer without TLS; its log is ${log}`
          : `${holder} took the port of ${this.agent.name}, ${portOf(this.agent)}, while it was starting; end that, then run cdk-nomad up again`,
        "agent",
      );
    }
  }

  /** Whoever answers without TLS is somebody else where the Nomad itself does not listen. */
  private async isLifted(): Promise<boolean> {
    return (
      answersItself(this.folder, this.agent) && (await leads(this.agent)) && answersItself(this.folder, this.agent)
    );
  }
}
