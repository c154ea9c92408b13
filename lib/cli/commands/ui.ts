import { UserError } from "../../jobspec";
import { term } from "../../text";
import { command, flag } from "../command";
import { clients, localCluster } from "../context";
import { EXIT } from "../exit-codes";

/** Opens Nomad's web UI, or says where it is. */
export const ui = command({
  name: "ui",
  summary: "open Nomad's web UI",
  options: { print: flag("only say where it is") },
  examples: ["cdk-nomad ui --print"],
  exitCodes: { [EXIT.ok]: "its address is printed" },
  interrupted: term`nothing was changed`,
  async run(input, context) {
    const { terminal, openPage } = context;
    const { nomad, consul } = clients(context, localCluster(context).cluster);
    try {
      const address = new URL("/ui/", nomad.address).href;
      const inside = await nomad.hasWebUi(context.signal).catch((error: unknown) => {
        if (error instanceof UserError) throw error;
        return false;
      });
      terminal.print(term`Nomad   ${address}`);
      terminal.print(term`Consul  ${new URL("/ui/", consul.address).href}`);
      if (!inside)
        terminal.note(term`this nomad was built without its web UI; put an official release on PATH to have it`);
      else if (!input.print && terminal.isInteractive) openPage(address);
      return EXIT.ok;
    } finally {
      await Promise.all([nomad.close(), consul.close()]);
    }
  },
});
