import { term } from "../../text";
import { command } from "../command";
import { localCluster } from "../context";
import { EXIT } from "../exit-codes";

/** Stops the embedded cluster and whatever it left. */
export const down = command({
  name: "down",
  summary: "stop the embedded cluster and remove what it left",
  examples: ["cdk-nomad down"],
  exitCodes: { [EXIT.ok]: "nothing runs any more" },
  interrupted: term`something of the cluster may still run: cdk-nomad status says what, cdk-nomad down ends it`,
  async run(_input, context) {
    const { terminal } = context;
    const had = await localCluster(context).cluster.down(terminal.progress());
    terminal.note(had ? term`nothing is left of the cluster but its logs` : term`no cluster was running`);
    return EXIT.ok;
  },
});
