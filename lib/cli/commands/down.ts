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
  interrupted: term`cdk-nomad down goes on with it, cdk-nomad status says what runs`,
  async run(_input, context) {
    const { terminal, signal } = context;
    const { cluster } = localCluster(context);
    const sayWhatRuns = () => {
      const { agents, others } = cluster.alive();
      const processes = others === 0 ? [] : [others === 1 ? "1 process of tasks" : `${others} processes of tasks`];
      const running = [...agents, ...processes];
      terminal.note(running.length > 0 ? term`still running: ${running.join(", ")}` : term`no process is left`);
    };
    signal.addEventListener("abort", sayWhatRuns, { once: true });
    const had = await cluster
      .down(terminal.progress(), signal)
      .finally(() => signal.removeEventListener("abort", sayWhatRuns));
    terminal.note(had ? term`nothing is left of the cluster but its logs` : term`no cluster was running`);
    return EXIT.ok;
  },
});
