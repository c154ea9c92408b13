import { term } from "../../text";
import { command } from "../command";
import { localCluster } from "../context";
import { EXIT } from "../exit-codes";
import { removeServiceTokens } from "../service-tokens";

/** Stops the embedded cluster and whatever it left. */
export const down = command({
  name: "down",
  summary:
    "stop the embedded cluster and remove what it left, with the tokens of its pools' service; its agents' logs stay",
  examples: ["cdk-nomad down"],
  exitCodes: { [EXIT.ok]: "nothing runs any more" },
  interrupted: term`cdk-nomad down goes on with it, cdk-nomad status says what runs`,
  async run(_input, context) {
    const { terminal, signal } = context;
    const { cluster, project } = localCluster(context);
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
    removeServiceTokens(project);
    terminal.note(
      had
        ? term`nothing is left of the cluster but the logs of its agents, in ${cluster.folder}`
        : term`no cluster was running`,
    );
    return EXIT.ok;
  },
});
