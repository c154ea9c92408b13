import { figure } from "./words";

/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** One value for each moment; undefined where it is not known, which is a gap and no zero. */
  readonly values: readonly (number | undefined)[];
}

interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  /** The largest value of the axis. Default: as large as the values are. */
  readonly most?: number;
  /** What the time axis says at its left end. */
  readonly since: string;
  /** What is said of a moment without a value. Default: that it is not known. */
  readonly absent?: string;
}

const WIDTH = 300;
const HEIGHT = 72;

/** A small chart over time. What it shows is said in words too, for those who do not see it. */
export function Chart({ title, unit, series, most, since, absent = "not known" }: ChartProps) {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const top = most ?? Math.max(1, ...known);
  const last = series.map(({ name, values }) => {
    const value = values.at(-1);
    return value === undefined ? undefined : `${name} ${figure(value)}${unit}`;
  });
  // Where nothing is known of any, it is said once.
  const now = last.some((text) => text !== undefined)
    ? last.map((text, index) => text ?? `${series[index]?.name} ${absent}`).join(", ")
    : absent;
  const label = `${title} since ${since}: now ${now}; at most ${figure(Math.max(0, ...known))}${unit}`;
  return (
    <figure class="chart">
      <figcaption>
        {title} <span class="quiet">{now}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} preserveAspectRatio="none">
        <line class="axis" x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        {series.map(({ name, values }, at) => (
          <g key={name} class={`line line-${at}`}>
            {pathsOf(values, top).map((points) => (
              <polyline key={points} points={points} />
            ))}
          </g>
        ))}
      </svg>
    </figure>
  );
}

/** The runs of known values, as points. */
function pathsOf(values: readonly (number | undefined)[], top: number): readonly string[] {
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  const runs: string[][] = [[]];
  values.forEach((value, at) => {
    if (value === undefined) runs.push([]);
    else {
      const y = HEIGHT - 2 - (Math.min(value, top) / top) * (HEIGHT - 4);
      runs.at(-1)?.push(`${(at * step).toFixed(1)},${y.toFixed(1)}`);
    }
  });
  // A moment between two gaps is a line of no length, which round ends make a dot.
  return runs.filter((run) => run.length > 0).map((run) => (run.length === 1 ? [...run, ...run] : run).join(" "));
}
