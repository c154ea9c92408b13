import { findNodeAtLocation, parseTree, type Node } from "jsonc-parser";
import { compareProblems, type Job, type Problem } from "../../jobspec";
import { apiPathOf, matchSource, sourceBlocks, wayTo, type SourceBlock, type Way } from "../../jobspec/host";
import type { JobFile } from "./job-files";

/** A problem with the line of the file where it stands. */
export interface LocatedProblem extends Problem {
  /** Counted from 1; absent where no line is to blame. */
  readonly line?: number;
}

/** Finds the lines of the problems of a file's job. */
export function locate(file: JobFile, job: Job | undefined, problems: readonly Problem[]): readonly LocatedProblem[] {
  if (!job) return problems.map(saidByParser);
  if (file.kind === "program" || file.kind === "hcl-json" || problems.length === 0) return problems;
  const lineOf = file.kind === "json" ? jsonLines(file.text, job) : hclLines(file.text, job);
  return problems.map((problem) => {
    const line = lineOf(problem.path);
    return line === undefined ? problem : { ...problem, line };
  });
}

/** Nomad's parser names the line itself. */
function saidByParser(problem: Problem): LocatedProblem {
  const [, line] = /^line (\d+)$/.exec(problem.path) ?? [];
  return line === undefined ? problem : { ...problem, path: "", line: Number(line) };
}

/** What is wrong with a file by itself, each place with the file: `web.nomad.hcl:3`. */
export function problemsOf({ file, problems }: JobFile): readonly Problem[] {
  return problems.map((problem) => {
    const { line, path } = saidByParser(problem);
    if (line !== undefined) return { ...problem, path: `${file}:${line}` };
    return path === file ? problem : { ...problem, path: path === "" ? file : `${file}: ${path}` };
  });
}

/** Order for people: by line where both have one, else by place. */
export function compareLocated(a: LocatedProblem, b: LocatedProblem): number {
  const byLine = a.path === b.path ? (a.line ?? 0) - (b.line ?? 0) : 0;
  return byLine || compareProblems(a, b);
}

type Lines = (place: string) => number | undefined;

function jsonLines(text: string, job: Job): Lines {
  const root = parseTree(text);
  const outer = root && findNodeAtLocation(root, ["Job"]);
  const start = outer?.type === "object" ? outer : root;
  return (place) => {
    const path = [...apiPathOf(job, place)];
    let node: Node | undefined;
    // The place of something missing is what is around it.
    for (; !node && start; path.pop()) {
      node = findNodeAtLocation(start, path);
      if (path.length === 0) break;
    }
    return node && text.slice(0, node.offset).split("\n").length;
  };
}

function hclLines(text: string, job: Job): Lines {
  const found = matchSource(job, sourceBlocks(text));
  return (place) => {
    let source: SourceBlock | undefined = found.get(job);
    let line = source?.line;
    for (const step of blocksOn(job, place)) {
      const own = found.get(step.block);
      if (own) [source, line] = [own, own.line];
      const attribute = step.property === undefined ? undefined : source?.attributes.get(step.property);
      if (attribute !== undefined) line = attribute;
    }
    return line;
  };
}

interface Step {
  readonly block: Way["blocks"][number];
  /** The attribute inside it, in HCL's spelling. */
  readonly property?: string;
}

/** The blocks from the job down to a place, and the attribute at its end. */
function blocksOn(job: Job, place: string): readonly Step[] {
  const steps: Step[] = wayTo(job, place).blocks.map((block) => ({ block }));
  const last = place.slice(Math.max(place.lastIndexOf("."), place.lastIndexOf("]")) + 1).replace(/^\./, "");
  const block = steps[steps.length - 1]?.block;
  const property = last.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return block && /^\w+$/.test(property) ? [...steps, { block, property }] : steps;
}
