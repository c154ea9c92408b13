import { scalar, within, type Field, type FieldOptions, type HasDefault, type Part } from "../engine";
import { Duration, DURATION } from "./duration";
import { type Memory, MEBIBYTES } from "./memory";

type Required<O> = O extends { required: true } ? true : false;

interface DurationOptions extends FieldOptions {
  /** The shortest that Nomad takes. Default: none, but never below zero. */
  readonly min?: Duration;
  /** Whether a negative length has a meaning. Default: false. */
  readonly negative?: boolean;
}

/** A length of time. */
export function duration<const A extends string, const O extends DurationOptions>(
  api: A,
  options?: O,
): Field<Duration, Duration, Required<O>, Part<A, number, HasDefault<O>>> {
  const min = options?.min ?? (options?.negative ? undefined : Duration.zero);
  const judge = (value: Duration) =>
    min && value.nanoseconds < min.nanoseconds
      ? `${value} is ${value.nanoseconds < 0 ? "negative" : "too short"}; write ${min.nanoseconds > 0 ? `${min} or more` : "zero or more"}`
      : undefined;
  return scalar(api, DURATION, options ?? {}, judge);
}

/** An amount of memory or disk. */
export function mebibytes<const A extends string, const O extends FieldOptions & { min?: number }>(
  api: A,
  options?: O,
): Field<Memory, Memory, Required<O>, Part<A, number, HasDefault<O>>> {
  const judge = within({ min: options?.min ?? 0 }, " MiB");
  return scalar(api, MEBIBYTES, options ?? {}, (value) => judge?.(value.mebibytes));
}
