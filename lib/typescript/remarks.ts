import type { Block } from "../jobspec";
import type { Comment, Range, Source, SourceBlock } from "../hcl-source";

/**
 * The comments of the text that a job was read from. Each is handed out once: whoever writes what it belongs to takes it, and whoever writes what
 * that stands in takes those that are left.
 */
export class Remarks {
  readonly #taken = new Set<number>();

  constructor(
    private readonly source: Source,
    private readonly blocks: ReadonlyMap<Block, SourceBlock>,
  ) {}

  /** What a block was read from; undefined where that is not known. */
  of(block: Block): SourceBlock | undefined {
    return this.blocks.get(block);
  }

  /** The lines of comments that nobody took yet. */
  take(comments: readonly Comment[]): readonly string[] {
    const left = comments.filter((comment) => !this.#taken.has(comment.start));
    for (const comment of left) this.#taken.add(comment.start);
    return left.flatMap(({ lines }, index) => {
      // What stood apart stays apart.
      const before = left[index - 1];
      const isApart = before !== undefined && this.isApart(before, left[index] as Comment);
      return isApart ? ["", ...lines] : lines;
    });
  }

  /** The lines of the comments in a part of the text that nobody took yet. */
  takeIn(range: Range): readonly string[] {
    return this.take(this.commentsIn(range));
  }

  /** The comments in a part of the text. */
  commentsIn({ start, end }: Range): readonly Comment[] {
    return this.source.comments.slice(this.first(start), this.first(end));
  }

  /** The place in the list of the first comment from a place in the text on. */
  private first(at: number): number {
    const { comments } = this.source;
    let [low, high] = [0, comments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((comments[middle]?.start ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether an empty line is between two comments. */
  private isApart(before: Comment, after: Comment): boolean {
    return /\n[ \t\r]*\n\s*$/.test(this.source.text.slice(Math.max(before.start, after.start - 200), after.start));
  }
}
