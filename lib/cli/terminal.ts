import type { LogUpdate } from "log-update";
import type { Problem } from "../errors";
import { LONGEST_BODY } from "../github/facts";
import type { Progress } from "../local";
import type { Environment } from "../nomad";
import { Masking } from "../masking";
import {
  block,
  fit,
  jsonText,
  renderBody,
  renderTerminal,
  style,
  term,
  withoutCommands,
  type Markdown,
  type TerminalText,
} from "../text";
import { errorText, problemJson, problemsOf } from "./error-text";
import { GOOD } from "./symbols";
import type { Clock, Output } from "./system";

const FRAMES = [term`⠋`, term`⠙`, term`⠹`, term`⠸`, term`⠼`, term`⠴`, term`⠦`, term`⠧`, term`⠇`, term`⠏`];
/** Where lines cannot change, one so often shows that something goes on: milliseconds. */
const SIGN_OF_LIFE = 30_000;

/** Where a terminal prints, and what says how. */
export interface TerminalOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly clock: Clock;
  /** Writes our own command lines as the program was called. Default: as they are. */
  readonly say?: (own: string) => string;
  /** Whether a machine reads stdout: then errors are printed there too, and nothing is said of what goes on. Default: false. */
  readonly asJson?: boolean;
}

/** A text in Markdown of several parts, of which the last are left out where it is too long. */
export interface MarkdownBody {
  readonly head: Markdown;
  readonly parts: readonly Markdown[];
  /** How to see all of it. */
  readonly otherwise: Markdown;
}

/**
 * What a command prints: results to stdout, what is going on to stderr. Everything that is printed passes here, masked and escaped.
 * Lines are as wide as a terminal, and whole anywhere else. Colour and moving lines only on a terminal; elsewhere a line for every step.
 */
export class Terminal {
  /** What is hidden in this run. */
  readonly masking = new Masking();
  readonly #options: TerminalOptions;
  /** Prints lines over those before; made where some change for the first time. */
  #over: LogUpdate | undefined;
  readonly #moves: boolean;
  #timer: NodeJS.Timeout | undefined;
  #later: NodeJS.Timeout | undefined;
  #frame = 0;
  #draw: (() => TerminalText) | undefined;
  #printedJson = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    const { stderr, env, asJson = false } = options;
    this.#moves = stderr.isTTY === true && env.TERM !== "dumb" && !env.CI && !asJson;
  }

  /** Whether a person reads the results as they come. */
  get isInteractive(): boolean {
    return this.#options.stdout.isTTY === true;
  }

  /** Whether a person reads what is going on as it comes. */
  get isWatched(): boolean {
    return this.#options.stderr.isTTY === true;
  }

  /** Whether lines can change in place. */
  get moves(): boolean {
    return this.#moves;
  }

  /** Columns of the help. */
  get width(): number {
    return widthOf(this.#options.stdout) ?? 100;
  }

  /** A result, for stdout. */
  print(text: TerminalText): void {
    this.rest();
    this.write(text, "stdout");
  }

  /** The command line's own help: constant words of ours, in which nothing is of anybody else, so that nothing is masked. */
  help(text: string, to: "stdout" | "stderr"): void {
    this.rest();
    if (to === "stderr" && this.#options.asJson) return;
    this.#options[to].write(`${renderTerminal(block(this.#say(text)), { color: false, mask: (same) => same })}\n`);
  }

  /** A result for machines, for stdout. */
  json(value: unknown): void {
    this.#printedJson = true;
    this.print(jsonText(this.masking.json(value)));
  }

  /** A result for GitHub, for stdout. */
  markdown(body: MarkdownBody): void {
    this.rest();
    this.#options.stdout.write(`${withoutCommands(this.asMarkdown(body))}\n`);
  }

  /** A text for GitHub, which is sent there. */
  asMarkdown({ head, parts, otherwise }: MarkdownBody): string {
    return renderBody(head, parts, { mask: this.#mask, longest: LONGEST_BODY, otherwise });
  }

  /**
   * A file that somebody asked for, with the values that stand in it: into a pipe or a file as it is, byte for byte. Nothing else is
   * printed this way: it is not masked.
   */
  handOver(file: string): void {
    this.rest();
    const { stdout } = this.#options;
    const text = file.trimEnd();
    stdout.write(
      `${this.isInteractive ? renderTerminal(block(text), { color: false, mask: (same) => same }) : text}\n`,
    );
  }

  /** What somebody else wrote, for the stream that it was written to. */
  pass(text: TerminalText, to: "stdout" | "stderr"): void {
    this.rest();
    this.write(text, to);
  }

  /** A word about what goes on, for stderr. */
  note(text: TerminalText): void {
    this.rest();
    if (!this.#options.asJson) this.write(text, "stderr", this.#say);
  }

  /** What went wrong: for people on stderr, for machines on stdout too. */
  fail(error: unknown): void {
    this.rest();
    this.jsonError(problemsOf(error));
    this.write(errorText(error), "stderr", this.#say);
  }

  /** Says that somebody interrupted the command, and what goes on. */
  interrupted(what: TerminalText): void {
    this.rest();
    const text = term`interrupted; ${what}`;
    const message = renderTerminal(text, { color: false, mask: this.#mask, say: this.#say });
    this.jsonError([{ rule: "interrupted", path: [], message, severity: "error" }]);
    this.write(text, "stderr");
  }

  /** Shows lines that change until {@link rest}; elsewhere than on a terminal nothing. */
  live(draw: () => TerminalText): void {
    if (!this.#moves) return;
    this.#draw = draw;
    this.redraw();
    this.#timer ??= setInterval(() => this.redraw(), 100).unref();
  }

  /** Takes the changing lines away. */
  rest(): void {
    clearTimeout(this.#later);
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#draw) this.#over?.clear();
    this.#draw = undefined;
  }

  /** The sign of something going on, a little different each time. */
  get spinner(): TerminalText {
    return style.cyan(FRAMES[this.#frame % FRAMES.length] ?? term``);
  }

  /**
   * Progress of a work that takes its time.
   *
   * @param after a step that is over before is not shown, in milliseconds. Default: each is shown at once.
   */
  progress({ after = 0 }: { readonly after?: number } = {}): Progress {
    const { clock, asJson } = this.#options;
    let text = "";
    let detail = "";
    let since = clock.now();
    let said = since;
    const line = () => {
      const seconds = Math.round((clock.now() - since) / 1000);
      const more = [
        ...(detail === "" ? [] : [detail]),
        ...(seconds >= 2 && !detail.includes(" s") ? [`${seconds} s`] : []),
      ];
      const rest = more.length > 0 ? style.dim(` (${more.join(", ")})`) : term``;
      return fit(term`${this.spinner} ${text}${rest}`);
    };
    return {
      step: (next) => {
        text = next;
        detail = "";
        since = clock.now();
        const show = () => {
          if (this.#moves) this.live(line);
          else if (!asJson) this.write(term`  ${next}`, "stderr", this.#say);
        };
        clearTimeout(this.#later);
        if (after === 0) show();
        else this.#later = setTimeout(show, after).unref();
      },
      detail: (next) => {
        detail = next;
        if (this.#moves || asJson || clock.now() - said < SIGN_OF_LIFE) return;
        said = clock.now();
        this.write(term`  ${text} (${next})`, "stderr", this.#say);
      },
      note: (what) => this.note(term`  ${what}`),
      done: (what) => this.note(term`${GOOD} ${what}`),
    };
  }

  private jsonError(problems: readonly Problem[]): void {
    // One value on stdout, whatever happens.
    const said = problems.map((problem) => ({
      ...problemJson(problem),
      message: this.#say(problem.message),
    }));
    if (this.#options.asJson && !this.#printedJson) this.json({ error: { problems: said } });
  }

  private redraw(): void {
    this.#frame += 1;
    if (!this.#draw) return;
    const { stderr } = this.#options;
    this.#over ??= (require("log-update") as typeof import("log-update")).create(stderr);
    this.#over(this.render(this.#draw(), stderr));
  }

  /** @param foreign what is done with words that are not known to be ours: of errors and of what goes on, most are. Default: nothing */
  private write(text: TerminalText, to: "stdout" | "stderr", foreign?: (text: string) => string): void {
    const stream = this.#options[to];
    stream.write(`${this.render(text, stream, foreign)}\n`);
  }

  private render(text: TerminalText, stream: Output, foreign = (same: string) => same): string {
    const color = showsColor(this.#options.env, stream);
    const mask = (own: string) => foreign(this.#mask(own));
    return renderTerminal(text, { color, mask, say: this.#say, width: widthOf(stream) });
  }

  readonly #mask = (foreign: string) => this.masking.text(foreign);
  readonly #say = (own: string) => this.#options.say?.(own) ?? own;
}

/** Columns of a terminal; undefined for anything else, where lines are as long as they are. */
function widthOf({ isTTY, columns }: Output): number | undefined {
  return isTTY === true ? Math.max(40, columns ?? 100) : undefined;
}

/** Colour on a terminal that can show it, unless NO_COLOR is set; elsewhere where FORCE_COLOR is. https://no-color.org */
function showsColor(env: Environment, stream: Output): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return stream.isTTY === true && env.TERM !== "dumb";
}
