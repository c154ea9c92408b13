import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { addressOf, filesOf, portOf, type NomadAgent, endAgent, holderOf } from "./agents";
import type { ClusterKeys } from "./access";
import { answersItself } from "./cluster-status";
import { leads } from "./readiness";

/** How long a Nomad may take to answer without TLS, in milliseconds. */
const LIFT_LIMIT = 20_000;

/** What a guard needs. */
export interface GuardSettings {
  readonly keys: ClusterKeys;
  /** Starts the Nomad again, as one that everybody may ask. */
  readonly restart: () => Promise<void>;
  /** How long it may take to answer without TLS, in milliseconds. Default: 20 s */
  readonly patience?: number;
}

/**
 * Keeps everybody else out of a Nomad until it has given its first token, which it gives to whoever asks first: until then it speaks TLS alone, on
 * every port, and with whoever has the cluster's certificate. It is a server alone meanwhile.
 *
 * @see https://developer.hashicorp.com/nomad/docs/configuration/tls
 */
export class Guard {
  constructor(
    private readonly folder: string,
    private readonly agent: NomadAgent,
    private readonly settings: GuardSettings,
  ) {}

  /** Where the Nomad answers meanwhile. */
  get address(): string {
    return addressOf(this.agent).replace(/^http:/, "https:");
  }

  /** The variables with which a client of Nomad is let in. */
  get variables(): Readonly<Record<string, string>> {
    const { caFile, certFile, keyFile } = this.settings.keys;
    return { NOMAD_CACERT: caFile, NOMAD_CLIENT_CERT: certFile, NOMAD_CLIENT_KEY: keyFile };
  }

  /**
   * Lets everybody ask, who is refused now without a token: the Nomad is ended, and started again on what it knows, with its node. It gives its port away
   * meanwhile, and whoever takes it then is not believed.
   *
   * @throws UserError where the Nomad does not answer without TLS, or somebody else does
   */
  async lift(signal?: AbortSignal): Promise<void> {
    const { restart, patience = LIFT_LIMIT } = this.settings;
    await endAgent(this.folder, this.agent.name, signal);
    await restart();
    for (const end = performance.now() + patience; !(await this.isLifted()); await sleep(50, undefined, { signal })) {
      if (performance.now() <= end) continue;
      const holder = answersItself(this.folder, this.agent) ? undefined : holderOf(portOf(this.agent));
      throw UserError.at(
        "",
        holder === undefined
          ? `${this.agent.name} does not answer without TLS; its log is ${filesOf(this.folder, this.agent.name).log}`
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
