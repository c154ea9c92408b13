import { withCluster } from "../../__tests__/support/cluster";
import { KILLED, KilledCommands } from "../../__tests__/support/killed-commands";
import { Project } from "../../__tests__/support/project";
import type { Figure } from "../synthesis";

/** Commands on an embedded cluster that are killed at moments spread over all that they do. @param moments of each command */
export async function measureAccidents(moments: number): Promise<readonly Figure[]> {
  const [untrue, unrecorded, left]: [string[], string[], string[]] = [[], [], []];
  let kills = 0;
  await withCluster({ program: Project.SMALL_JOBS, started: false }, async (cluster) => {
    const commands = new KilledCommands(cluster);
    for (const command of KILLED) {
      const whole = await commands.duration(command);
      for (let moment = 0; moment < moments; moment += 1) {
        const after = (whole * (moment + 0.5)) / moments;
        const found = await commands.kill(command, after);
        kills += 1;
        console.log(`  ${command} killed after ${Math.round(after)} of ${Math.round(whole)} ms`);
        for (const what of [...found.untrue, ...found.unrecorded, ...found.left]) console.log(`    ${what}`);
        untrue.push(...found.untrue);
        unrecorded.push(...found.unrecorded);
        left.push(...found.left);
      }
    }
  });
  const what = `${kills} kills of up, deploy and down`;
  return [
    {
      what: `untrue words of status after ${what}`,
      value: String(untrue.length),
      goal: "0",
      reached: untrue.length === 0,
    },
    {
      what: `jobs that ran and no record had, and what the next deploy did not mend, after ${moments} kills of deploy`,
      value: String(unrecorded.length),
      goal: "0",
      reached: unrecorded.length === 0,
    },
    {
      what: `processes, mounts and ports that down left after ${what}`,
      value: String(left.length),
      goal: "0",
      reached: left.length === 0,
    },
  ];
}
