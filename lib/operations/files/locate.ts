import { findNodeAtLocation, parseTree, type Node } from "jsonc-parser";
import { matchSource, readSource, type SourceBlock } from "../../hcl-source";
import { compareProblems, type Path, pathText, type Problem } from "../../errors";
import { type Job } from "../../jobspec";
import { apiPathOf, snakeCase, wayTo, type Way } from "../../jobspec/host";
import type { JobFile } from "./job-files";

/** The problems of a file's job, each with its line where it has one: found by which block it is, and not by what that is called. */
export function locate(file: JobFile, job: Job | undefined, problems: readonly Problem[]): readonly Problem[] {
  if (!job || file.kind === "program" || file.kind === "hcl-json" || problems.length === 0) return problems;
  const lineOf = file.kind === "json" ? jsonLines(file.text, job) : hclLines(file.text, job);
  return problems.map((problem) => {
    const line = problem.line ?? lineOf(problem.path);
    return line === undefined ? problem : { ...problem, line };
  });
}

/** What is wrong with a file by itself, each place with the file: `web.nomad.hcl:3`. */
export function problemsOf({ file, problems }: JobFile): readonly Problem[] {
  return problems.map(({ line, ...problem }) => {
    if (line !== undefined) return { ...problem, path: [`${file}:${line}`] };
    const place = pathText(problem.path);
    return place === file ? problem : { ...problem, path: [place === "" ? file : `${file}: ${place}`] };
  });
}

/** Order for people: by line where both have one and the same place, else by place. */
export function compareLocated(a: Problem, b: Problem): number {
  const byLine = pathText(a.path) === pathText(b.path) ? (a.line ?? 0) - (b.line ?? 0) : 0;
  return byLine || compareProblems(a, b);
}

type Lines = (path: Path) => number | undefined;

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
  const found = matchSource(job, readSource(text));
  return (place) => {
    let source: SourceBlock | undefined = found.get(job);
    let line = source?.line;
    for (const step of blocksOn(job, place)) {
      const own = found.get(step.block);
      if (own) [source, line] = [own, own.line];
      const attribute = step.property === undefined ? undefined : source?.attributes.get(step.property)?.line;
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
function blocksOn(job: Job, path: Path): readonly Step[] {
  const steps: Step[] = wayTo(job, path).blocks.map((block) => ({ block }));
  const block = steps[steps.length - 1]?.block;
  const last = path.at(-1);
  const property = typeof last === "string" ? last : typeof last === "object" && "key" in last ? last.key : "";
  const attribute = snakeCase(property);
  return block && /^\w+$/.test(attribute) ? [...steps, { block, property: attribute }] : steps;
}
