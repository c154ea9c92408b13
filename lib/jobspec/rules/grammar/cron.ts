// The notation of github.com/hashicorp/cronexpr, with which Nomad reads periodic jobs.

interface CronField {
  readonly name: string;
  /** Every single value, as a pattern. */
  readonly value: string;
  readonly max: number;
  /** Further forms that only this field has. */
  readonly more: readonly RegExp[];
}

const SIXTY = "0?[0-9]|[1-5][0-9]";
const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const LONG_MONTHS = "january|february|march|april|june|july|august|september|october|november|december";
const DAY = "0?[1-9]|[12][0-9]|3[01]";
const WEEKDAY = "0?[0-7]|sun|mon|tue|wed|thu|fri|sat|sunday|monday|tuesday|wednesday|thursday|friday|saturday";

const SECOND: CronField = { name: "second", value: SIXTY, max: 59, more: [] };
const YEAR: CronField = { name: "year", value: "19[789][0-9]|20[0-9]{2}", max: 2099, more: [] };
const FIVE: readonly CronField[] = [
  { name: "minute", value: SIXTY, max: 59, more: [] },
  { name: "hour", value: "0?[0-9]|1[0-9]|2[0-3]", max: 23, more: [] },
  { name: "day of month", value: DAY, max: 31, more: [/^l$/, /^lw$/, new RegExp(`^(?:${DAY})w$`)] },
  { name: "month", value: `0?[1-9]|1[012]|${MONTHS}|${LONG_MONTHS}`, max: 12, more: [] },
  {
    name: "day of week",
    value: WEEKDAY,
    max: 6,
    more: [new RegExp(`^(?:${WEEKDAY})l$`), new RegExp(`^(?:${WEEKDAY})#[1-5]$`)],
  },
];

const ALIASES: readonly (readonly [string, string])[] = [
  ["@yearly", "0 0 0 1 1 * *"],
  ["@annually", "0 0 0 1 1 * *"],
  ["@monthly", "0 0 0 1 * * *"],
  ["@weekly", "0 0 0 * * 0 *"],
  ["@daily", "0 0 0 * * * *"],
  ["@hourly", "0 0 * * * * *"],
];

/** Why a text is no cron expression, or undefined. */
export function wrongCron(text: string): string | undefined {
  let expression = text;
  for (const [alias, meaning] of ALIASES) expression = expression.replaceAll(alias, meaning);
  const given = expression.split(/\s+/).filter((part) => part !== "");
  if (given.length < 5) return `has ${given.length} fields; write minute, hour, day of month, month and day of week`;
  const fields = [...(given.length >= 7 ? [SECOND] : []), ...FIVE, ...(given.length >= 6 ? [YEAR] : [])];
  for (const [index, field] of fields.entries()) {
    const wrong = wrongField(given[index] ?? "", field);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongField(text: string, field: CronField): string | undefined {
  const entries = text.split(",").filter((entry) => entry !== "");
  if (entries.length === 0) return `its ${field.name} is empty; write *, say`;
  const bad = entries.find((entry) => !isEntry(entry.toLowerCase(), field));
  return bad === undefined ? undefined : `its ${field.name} cannot be read: "${bad}"`;
}

function isEntry(entry: string, { value, max, more }: CronField): boolean {
  if (entry === "*" || entry === "?") return true;
  const [, step] = /^(?:.*)\/(\d+)$/.exec(entry) ?? [];
  const before = step === undefined ? entry : entry.slice(0, -step.length - 1);
  const isSpan = before === "*" ? step !== undefined : new RegExp(`^(?:${value})(?:-(?:${value}))?$`).test(before);
  if (isSpan) return step === undefined || isStep(step, max);
  return more.some((form) => form.test(entry));
}

/** Steps are read as the numbers that the notation knows; others count as 0. */
function isStep(text: string, max: number): boolean {
  const known = /^(?:\d|[0-5]\d|19[789]\d|20\d{2})$/.test(text);
  const step = known ? Number(text) : 0;
  return step >= 1 && step <= max;
}

/** Whether there is a time zone of this name. */
export function isTimeZone(name: string): boolean {
  if (name === "" || name === "UTC" || name === "Local") return true;
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
