import { Masking } from "../../lib/masking";
import { ConsulClient, consulConnection, NomadClient, nomadConnection, type JobJson } from "../../lib/nomad";
import type { StackObject } from "../../lib/operations";
import { QUIET_STREAM, ReplayServer, type Answers, type Reply } from "./replay";

/** Clients of a server that answers as one did in a state. */
export type Clients = { readonly nomad: NomadClient; readonly consul: ConsulClient; readonly server: ReplayServer };

/** Asks a server that answers as one did in a state. */
export async function withServer<T>(answers: Answers, run: (clients: Clients) => Promise<T>): Promise<T> {
  const server = await new ReplayServer({ "GET /v1/event/stream": QUIET_STREAM, ...answers }).open();
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: server.address }));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: server.address }));
  try {
    return await run({ nomad, consul, server });
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
    await server.close();
  }
}

/** What an operation takes that tells nobody anything. */
export const quiet = { onStep: () => undefined, onChange: () => undefined, masking: new Masking() };
/** A job as a stack wants it. */
export const wantedOf = (job: JobJson, more: object = {}): StackObject => ({
  kind: "job",
  path: `lab/${job.ID}`,
  job,
  after: [],
  ...more,
});
/** The body that an endpoint answers with. */
export const bodyOf = (answers: Answers, endpoint: string) => (answers[endpoint] as Reply).body;
/** The recorded deployments of the job "web". */
export const deploymentsOf = (answers: Answers) =>
  bodyOf(answers, "GET /v1/job/web/deployments") as readonly { readonly ID: string; readonly Status: string }[];
