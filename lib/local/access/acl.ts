import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { TakenByOthers, UserError } from "../../errors";
import { ApiError, apiPath, ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../nomad";
import { addressOf, namedAgents, serviceLoginOf, type Agent, type NomadAgent } from "../agents";
import { setUpConsul, trustWorkloads, type JobAcl } from "./consul-acl";
import type { Tokens } from "./tokens";

/** How long is tried again, in milliseconds: a server that has just elected itself refuses what it takes a moment later. */
const RETRY_LIMIT = 20_000;

/** How a Nomad is reached that answers nobody but whoever starts it. */
export interface Guarded {
  readonly address: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Lets everybody ask it. */
  lift(signal?: AbortSignal): Promise<void>;
}

/**
 * A client of a Nomad agent, with the token of whoever started the cluster where it is closed.
 *
 * @param guard what keeps everybody else out of it now. Default: nothing does
 */
export function nomadOf(agent: Agent, tokens: Tokens | undefined, guard?: Guarded): NomadClient {
  const token = tokens ? { NOMAD_TOKEN: tokens.nomad } : {};
  return new NomadClient(nomadConnection({ ...token, ...guard?.variables }, guard?.address ?? addressOf(agent)));
}

/** A client of a Consul agent, with the token of whoever started the cluster where it is closed. */
export function consulOf(agent: Agent, tokens: Tokens | undefined): ConsulClient {
  return new ConsulClient(consulConnection(tokens ? { CONSUL_HTTP_TOKEN: tokens.consul } : {}, addressOf(agent)));
}

/** Gives a cluster its tokens and policies, agent by agent, as each answers for the first time. */
export class Acl {
  constructor(
    private readonly agents: readonly Agent[],
    private readonly tokens: Tokens,
    private readonly jobs: readonly JobAcl[],
    /** Whether it is an agent itself that answers at its port: nobody else is told a token. */
    private readonly answersItself: (agent: Agent) => boolean,
  ) {}

  /**
   * What an agent that leads needs before it can be ready.
   *
   * @param guard what keeps everybody else out of a Nomad that has given no token yet
   * @throws UserError where somebody else was first, and may do everything there
   */
  async giveTo(
    agent: Agent,
    { guard, signal }: { readonly guard?: Guarded; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { consul: server, nomad: firstNomad } = namedAgents(this.agents);
    if (agent === server) await this.inConsul((consul) => setUpConsul(consul, this.tokens, this.jobs), signal);
    if (agent === firstNomad) await this.bootstrap(agent, guard, signal);
  }

  /** Has Consul believe the identities that a Nomad signs. @param keys its public keys, as PEM; those that Consul knew before hold no more */
  async trust(agent: NomadAgent, keys: readonly string[], signal?: AbortSignal): Promise<void> {
    const login = { method: serviceLoginOf(agent), keys, jobs: this.jobs };
    await this.inConsul((consul) => trustWorkloads(consul, login), signal);
  }

  private async inConsul(work: (consul: ConsulClient) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const { consul: agent } = namedAgents(this.agents);
    const consul = consulOf(agent, this.tokens);
    try {
      await untilDone(() => {
        this.refuseStranger(agent);
        return work(consul);
      }, signal);
    } finally {
      await consul.close();
    }
  }

  /** Gives Nomad its first token, which is ours. https://developer.hashicorp.com/nomad/api-docs/acl/tokens#bootstrap-token */
  private async bootstrap(agent: Agent, guard: Guarded | undefined, signal?: AbortSignal): Promise<void> {
    const [stranger, nomad] = [nomadOf(agent, undefined, guard), nomadOf(agent, this.tokens, guard)];
    const body = { BootstrapSecret: this.tokens.nomad };
    try {
      await untilDone(async () => {
        this.refuseStranger(agent);
        try {
          await stranger.http.post(apiPath`/v1/acl/bootstrap`, v.unknown(), { body });
        } catch (error) {
          if (!(error instanceof ApiError && /bootstrap already done/i.test(error.body))) throw error;
          await this.checkOwn(nomad, agent);
        }
      }, signal);
      for (const { job, nomad: rules } of this.jobs)
        await nomad.http.post(apiPath`/v1/acl/policy/${`job-${job}`}`, v.unknown(), {
          body: { Name: `job-${job}`, Rules: rules, JobACL: { Namespace: "default", JobID: job } },
        });
    } finally {
      await Promise.all([stranger.close(), nomad.close()]);
    }
  }

  private refuseStranger(agent: Agent): void {
    if (this.answersItself(agent)) return;
    throw UserError.at("", `${agent.name} has ended, or somebody else answers at ${addressOf(agent)}`, "agent");
  }

  private async checkOwn(nomad: NomadClient, agent: Agent): Promise<void> {
    try {
      await nomad.http.get(apiPath`/v1/acl/token/self`, v.unknown());
    } catch {
      throw new TakenByOthers(
        `somebody else gave ${agent.name} at ${nomad.address} its first token, and may do everything there`,
      );
    }
  }
}

/**
 * Does something that can be done again, until it is done.
 *
 * @throws the last error where it is not done after 20 s, and {@link TakenByOthers} at once
 */
export async function untilDone<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const end = performance.now() + RETRY_LIMIT; ; await sleep(50, undefined, { signal })) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TakenByOthers || performance.now() > end) throw error;
    }
  }
}
