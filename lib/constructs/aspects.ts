import { Aspects, type IAspect } from "cdktf";
import type { IConstruct } from "constructs";
import { UserError } from "../errors";
import type { ConstructProblem } from "./allowed";

/** Aspects may add constructs and further aspects; where there is no end to it they are stopped. */
const MOST_ROUNDS = 100;

/**
 * Runs the aspects of a program now, each once for every construct below the one that it was added to, as cdktf does when it synthesizes. What cdktf
 * runs of them later, they have done already: so all that aspects make of a program is there before it is judged, and no aspect works twice.
 *
 * @param root the program
 * @returns what aspects refused with a UserError, in this run and before
 */
export function runAspects(root: IConstruct): readonly ConstructProblem[] {
  const run = AspectRun.of(root);
  for (let round = 0; run.visitAll(root, []); round += 1)
    if (round === MOST_ROUNDS)
      throw UserError.at(root.node.path, "its aspects add others without end; let each add them once", "aspects/end");
  return run.problems;
}

const RUN = Symbol("cdk-nomad-aspects");

/** What the aspects of a program have done so far. */
class AspectRun {
  readonly problems: ConstructProblem[] = [];
  readonly #once = new Map<IAspect, OnceAspect>();

  /** What the aspects of the program with this root have done: kept with the root, and so gone with it. */
  static of(root: IConstruct): AspectRun {
    const held = root as IConstruct & { [RUN]?: AspectRun };
    if (!held[RUN]) Object.defineProperty(held, RUN, { value: new AspectRun() });
    return held[RUN] as AspectRun;
  }

  /** Whether there was anything left to do. */
  visitAll(construct: IConstruct, inherited: readonly OnceAspect[]): boolean {
    const aspects = [...inherited, ...this.aspectsOf(construct)];
    let worked = false;
    for (const aspect of aspects) {
      if (aspect.visited.has(construct)) continue;
      worked = true;
      try {
        aspect.visit(construct);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        this.problems.push(...error.problems.map((problem) => ({ construct, problem })));
      }
    }
    for (const child of construct.node.children) worked = this.visitAll(child, aspects) || worked;
    return worked;
  }

  /** The aspects that were added to a construct itself; from now on cdktf sees these too. */
  private aspectsOf(construct: IConstruct): readonly OnceAspect[] {
    const aspects = Aspects.of(construct);
    const given = aspects.all;
    if (given.every((aspect) => aspect instanceof OnceAspect)) return given;
    const all = Object.getOwnPropertyDescriptor(Aspects.prototype, "all")?.get;
    const once = () => ((all?.call(aspects) ?? []) as IAspect[]).map((aspect) => this.once(aspect));
    Object.defineProperty(aspects, "all", { configurable: true, get: once });
    return once();
  }

  private once(aspect: IAspect): OnceAspect {
    const known = this.#once.get(aspect) ?? new OnceAspect(aspect);
    this.#once.set(aspect, known);
    return known;
  }
}

/** An aspect that works once on every construct, however often it is asked to. */
class OnceAspect implements IAspect {
  readonly visited = new Set<IConstruct>();

  constructor(private readonly aspect: IAspect) {}

  visit(construct: IConstruct): void {
    if (this.visited.has(construct)) return;
    this.visited.add(construct);
    this.aspect.visit(construct);
  }
}
