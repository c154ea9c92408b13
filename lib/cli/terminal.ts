import Table from "cli-table3";
import logUpdate from "log-update";
import picocolors from "picocolors";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { formatProblem, UserError, type Problem } from "../jobspec";
import type { Progress } from "../local";
import { ApiError, type Environment } from "../nomad";
import type { Clock, Output } from "./surroundings";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** A column of a table is never less wide than this. */
const NARROWEST = 12;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Where a terminal prints, and what says how. */
export interface TerminalOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly clock: Clock;
  /** Whether a machine reads stdout: then errors are printed there too, and nothing is said of what goes on. Default: false. */
  readonly asJson?: boolean;
}

/** Colour on a terminal that can show it, unless NO_COLOR is set; elsewhere where FORCE_COLOR is. https://no-color.org */
function wantsColor(env: Environment, stdout: Output): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return stdout.isTTY === true && env.TERM !== "dumb";
}

/** What is wrong, as problems. */
function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  const rule = error instanceof ApiError ? "server" : "internal";
  const message = error instanceof Error ? error.message : String(error);
  return [{ rule, path: "", message, severity: "error" }];
}

/**
 * What a command prints: results to stdout, what is going on to stderr. Colour and moving lines only on a terminal, and not
 * where NO_COLOR is set; elsewhere a line for every step.
 */
export class Terminal {
  readonly color: ReturnType<typeof picocolors.createColors>;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #clock: Clock;
  readonly #asJson: boolean;
  readonly #live: ReturnType<typeof logUpdate.create>;
  readonly #moves: boolean;
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;
  #draw: (() => string) | undefined;
  #printedJson = false;

  constructor({ stdout, stderr, env, clock, asJson = false }: TerminalOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#clock = clock;
    this.#asJson = asJson;
    this.#live = logUpdate.create(stderr as NodeJS.WriteStream);
    this.#moves = stderr.isTTY === true && env.TERM !== "dumb" && !env.CI;
    this.color = picocolors.createColors(wantsColor(env, stdout));
  }

  /** Columns to fill. */
  get width(): number {
    return Math.max(40, this.#stdout.columns ?? this.#stderr.columns ?? 100);
  }

  /** A result, for stdout. */
  print(text = ""): void {
    this.rest();
    this.#stdout.write(`${text}\n`);
  }

  /** A result for machines, for stdout. */
  json(value: unknown): void {
    this.#printedJson = true;
    this.print(JSON.stringify(value, null, 2));
  }

  /** What somebody else wrote, such as a task, as it comes. */
  pass(chunk: Uint8Array, to: "stdout" | "stderr"): void {
    (to === "stdout" ? this.#stdout : this.#stderr).write(chunk);
  }

  /** A word about what goes on, for stderr. */
  note(text: string): void {
    this.rest();
    if (!this.#asJson) this.#stderr.write(`${text}\n`);
  }

  /** Shows lines that change until {@link rest}; elsewhere than on a terminal nothing. */
  live(draw: () => string): void {
    if (!this.moves) return;
    this.#draw = draw;
    this.redraw();
    this.#timer ??= setInterval(() => this.redraw(), 100).unref();
  }

  /** Takes the changing lines away. */
  rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#draw) this.#live.clear();
    this.#draw = undefined;
  }

  /** Whether a person reads the results as they come. */
  get isInteractive(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** Whether lines can change in place. */
  get moves(): boolean {
    return this.#moves && !this.#asJson;
  }

  /** The sign of something going on, a little different each time. */
  get spinner(): string {
    return this.color.cyan(FRAMES[this.#frame % FRAMES.length] ?? "");
  }

  /** Progress of a work that takes its time. */
  progress(): Progress {
    let text = "";
    let detail = "";
    let since = this.#clock.now();
    let said = since;
    const line = () => {
      const seconds = Math.round((this.#clock.now() - since) / 1000);
      const rest = [detail, seconds >= 2 && !detail.includes(" s") ? `${seconds} s` : ""].filter(Boolean).join(", ");
      return this.fit(`${this.spinner} ${text}${rest ? this.color.dim(` (${rest})`) : ""}`);
    };
    return {
      step: (next) => {
        text = next;
        detail = "";
        since = this.#clock.now();
        if (this.moves) this.live(line);
        else if (!this.#asJson) this.#stderr.write(`  ${next}\n`);
      },
      detail: (next) => {
        detail = next;
        // Where lines cannot change, one every half minute shows that it goes on.
        if (this.moves || this.#asJson || this.#clock.now() - said < 30_000) return;
        said = this.#clock.now();
        this.#stderr.write(`  ${text} (${next})\n`);
      },
      note: (what) => this.note(`  ${what}`),
      done: (what) => this.note(`${this.color.green("✓")} ${what}`),
    };
  }

  /** A table without frames, as wide as the terminal at most. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const widths = head.map(
      (title, column) => Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[column] ?? ""))) + 2,
    );
    const natural = [...widths];
    // Whatever does not fit is taken from the widest, so that no column is squeezed while another has room.
    for (let excess = sum(widths) - this.width; excess > 0; excess -= 1) {
      const widest = widths.indexOf(Math.max(...widths));
      if ((widths[widest] ?? 0) <= NARROWEST) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
    // The table's own wrapping takes the codes of colours for text.
    const fit = (cell: string, column: number) =>
      widths[column] !== natural[column]
        ? wrapAnsi(cell, (widths[column] ?? 0) - 2, { hard: true, trim: false })
        : cell;
    const none = Object.fromEntries(
      [
        "top",
        "top-mid",
        "top-left",
        "top-right",
        "bottom",
        "bottom-mid",
        "bottom-left",
        "bottom-right",
        "left",
        "left-mid",
        "mid",
        "mid-mid",
        "right",
        "right-mid",
        "middle",
      ].map((part) => [part, ""]),
    );
    const table = new Table({
      head: head.map((title) => this.color.dim(title)),
      colWidths: widths,
      chars: none,
      style: { "padding-left": 0, "padding-right": 2, head: [], border: [], compact: true },
    });
    table.push(...rows.map((row) => row.map(fit)));
    return table
      .toString()
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n");
  }

  /** A line that fits into the terminal. */
  fit(line: string): string {
    return wrapAnsi(line, this.width, { hard: true, trim: false }).split("\n")[0] ?? "";
  }

  /** A text whose lines go on a little in from the left where they do not fit; as it is where it is not for a terminal. */
  hang(text: string): string {
    if (!this.#stderr.isTTY) return text;
    const lines = text.split("\n").map((line) => wrapAnsi(line, this.width - 2, { trim: false }).split("\n"));
    return lines.map(([first = "", ...rest]) => [first, ...rest.map((line) => `  ${line}`)].join("\n")).join("\n");
  }

  /** The lines of a text, so far in from the left. */
  wrap(text: string, indent: number): readonly string[] {
    const room = " ".repeat(indent);
    return wrapAnsi(text, this.width - indent, { trim: false })
      .split("\n")
      .map((line) => (room + line).trimEnd());
  }

  /** A mistake of the person, without a stack; or something that went wrong here, with it. For machines on stdout too. */
  fail(error: unknown): void {
    this.rest();
    this.jsonError(problemsOf(error));
    this.#stderr.write(`${this.errorText(error)}\n`);
  }

  /** That somebody interrupted the command, and what goes on. */
  interrupted(what: string): void {
    this.rest();
    const message = `interrupted; ${what}`;
    this.jsonError([{ rule: "interrupted", path: "", message, severity: "error" }]);
    this.#stderr.write(`${message}\n`);
  }

  private jsonError(problems: readonly Problem[]): void {
    // One value on stdout, whatever happens.
    if (this.#asJson && !this.#printedJson) this.json({ error: { problems } });
  }

  private errorText(error: unknown): string {
    if (!(error instanceof UserError) && !(error instanceof ApiError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    return problemsOf(error)
      .map((problem) => {
        const text =
          problem.path === "" ? problem.message : formatProblem({ ...problem, path: this.color.bold(problem.path) });
        const [first = "", ...rest] = wrapAnsi(text, this.width - 2, { trim: false }).split("\n");
        return [`${this.color.red("✗")} ${first.trimEnd()}`, ...rest.map((line) => `  ${line}`.trimEnd())].join("\n");
      })
      .join("\n");
  }

  private redraw(): void {
    this.#frame += 1;
    if (this.#draw) this.#live(this.#draw());
  }
}
