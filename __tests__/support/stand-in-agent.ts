import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A process that looks like an agent of a cluster, and answers as a test says. */
export interface StandInAgent {
  /** The tokens that it was told, in their order; "" where there was none. */
  asked(): readonly string[];
  end(): Promise<void>;
}

/**
 * Starts a process with the arguments of a cluster's Nomad, that listens on its port.
 *
 * @param project the folder that the cluster's is in
 * @param answers what it answers with 200, by path; all else with a page
 * @param page Default: that of the web UI
 */
export async function standInNomad(
  project: string,
  port: number,
  answers: Readonly<Record<string, object>>,
  page = "<!DOCTYPE html>\n<html>ember</html>",
): Promise<StandInAgent> {
  const server = `
    const answers = ${JSON.stringify(answers)};
    require("node:http").createServer(({ url, headers }, answer) => {
      if (!Object.hasOwn(answers, url)) 
        return answer.setHeader("Content-Type", "text/html; charset=utf-8").end(${JSON.stringify(page)});
      console.log(headers["x-nomad-token"] ?? "");
      answer.setHeader("Content-Type", "application/json");
      answer.end(JSON.stringify(answers[url]));
    }).listen(${port}, "127.0.0.1", () => console.log("listening"));`;
  writeFileSync(join(project, "agent"), server);
  const config = `-config=${join(project, ".cdk-nomad", "nomad.json")}`;
  const child = spawn(process.execPath, ["agent", "-dev", config], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => (said += part.toString()));
  while (!said.includes("listening\n")) await once(child.stdout, "data");
  return {
    asked: () => said.split("\n").slice(1, -1),
    end: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
