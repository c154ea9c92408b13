import { isSecretName, secretSpans } from "../jobspec/host";
import type { RecordedValue } from "./content";

/** A variable, as far as it says whether its value may be recorded. */
export interface RecordableVariable {
  readonly sensitive?: boolean;
  readonly default?: RecordedValue;
}

/** Whether the values of a variable may stand in a record: not where it is sensitive, sounds like a secret, or has a secret by default. */
export function isRecordable(name: string, { sensitive, default: byDefault }: RecordableVariable): boolean {
  return sensitive !== true && !isSecretName(name) && (byDefault === undefined || !holdsSecretForm(byDefault));
}

/** Whether something in a value has the form of a secret, such as a token of GitHub. */
export function holdsSecretForm(value: RecordedValue): boolean {
  if (typeof value === "string") return secretSpans(value, "document").length > 0;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsSecretForm);
}
