import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import pLimit from "p-limit";
import { Project } from "../../__tests__/support/project";
import type { Figure } from "../synthesis";

const PROGRAM = join(__dirname, "../programs/marked.ts");
/** Commands that run at the same time. */
const AT_ONCE = 8;

/**
 * Runs commands in one project at the same time, whose program writes who ran it: a command that prints another's mark was mixed with it.
 * None leaves a folder behind.
 */
export async function measureCommands(count: number): Promise<Figure> {
  const project = new Project(PROGRAM);
  const limit = pLimit(AT_ONCE);
  try {
    const marks = Array.from({ length: count }, (_, number) => `mark-${number}-`);
    const said = await Promise.all(marks.map((MARK) => limit(() => project.run(["render", "dev"], { MARK }))));
    const mixed = said.filter(({ code, stdout }, index) => {
      const found = new Set(stdout.match(/mark-\d+-/g));
      return code !== 0 || found.size !== 1 || !found.has(marks[index] ?? "");
    }).length;
    const runs = join(project.folder, ".cdk-nomad/synth");
    const left = existsSync(runs) ? readdirSync(runs).filter((name) => name !== ".gitignore").length : 0;
    const what = `${count} commands in one project, ${AT_ONCE} at once: mixed or failed, folders left behind`;
    return { what, value: `${mixed}, ${left}`, goal: "0, 0", reached: mixed === 0 && left === 0 };
  } finally {
    await project.remove();
  }
}
