import { UserError } from "../../jobspec";
import type { EmbeddedCluster } from "../../local";
import type { NomadClient } from "../../nomad";
import { term } from "../../text";
import { command, flag } from "../command";
import { clients, localCluster } from "../context";
import { EXIT } from "../exit-codes";

/** Opens Nomad's web UI, logged in where the embedded cluster asks for tokens, or says where it is. */
export const ui = command({
  name: "ui",
  summary: "open Nomad's web UI",
  options: { print: flag("only say where it is") },
  examples: ["cdk-nomad ui --print"],
  exitCodes: { [EXIT.ok]: "its address is printed" },
  interrupted: term`nothing was changed`,
  async run(input, context) {
    const { terminal, openPage } = context;
    const { cluster } = localCluster(context);
    const { nomad, consul } = clients(context, cluster);
    try {
      const address = new URL("/ui/", nomad.address).href;
      const isInside = await hasWebUi(nomad, context.signal);
      if (isInside) terminal.print(term`Nomad   ${address}`);
      terminal.print(term`Consul  ${new URL("/ui/", consul.address).href}`);
      if (!isInside)
        terminal.note(
          term`the Nomad at ${nomad.address} was built without its web UI; put an official release on PATH to have it`,
        );
      else if (!input.print && terminal.isInteractive) openPage(await pageOf(address, nomad, cluster));
      if (isInside && nomad.http.connection.token)
        terminal.note(
          term`who opens it without cdk-nomad ui logs in with a token; cdk-nomad env prints those of the embedded cluster`,
        );
      return EXIT.ok;
    } finally {
      await Promise.all([nomad.close(), consul.close()]);
    }
  },
});

/** Whether a Nomad has its web UI inside. @throws UserError where no Nomad answers */
export async function hasWebUi(nomad: NomadClient, signal: AbortSignal): Promise<boolean> {
  return nomad.hasWebUi(signal).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    return false;
  });
}

/** What the browser is shown: the UI, to which the page of a closed embedded cluster leads it, logged in by a token that can be used once. */
async function pageOf(address: string, nomad: NomadClient, cluster: EmbeddedCluster): Promise<string> {
  const isClosedHere = cluster.surroundings().CDK_NOMAD_CLOSED !== undefined;
  if (!isClosedHere || !cluster.hasAddress(nomad.address)) return address;
  const login = new URL(address);
  login.searchParams.set("ott", await nomad.oneTimeToken());
  return cluster.loginPage(login);
}
