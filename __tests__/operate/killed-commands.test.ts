import { clusterForSuite } from "../support/cluster";
import { KILLED, KilledCommands } from "../support/killed-commands";
import { Project } from "../support/project";

// `npm run bench -- reliability accidents` kills each of them at seven moments.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, started: false });
const commands = new KilledCommands(cluster);
/** Somewhere in the middle of what each does, in milliseconds; where exactly is another moment on each machine. */
const MOMENT = 2500;

test.each(KILLED)("%s that is killed leaves what status tells truly, and down ends all of it", async (command) => {
  expect(await commands.kill(command, MOMENT)).toEqual({ untrue: [], unrecorded: [], left: [] });
});
