import type { Masking } from "../../masking";
import type { StackContents, StackObject } from "../stack";

/**
 * Tells a run what it hides: the values of a stack's sensitive variables wherever they reach, and whatever stands under a secret's name,
 * or has a secret's form, in its jobs, keys and configuration entries.
 */
export function learnStack(masking: Masking, { objects, sensitive, reached }: StackContents): void {
  masking.ordinary(objects.flatMap(namesOf));
  for (const { name, text } of reached) masking.hideAt(name, text);
  masking.know([...sensitive, ...reached.map(({ text }) => text)]);
  for (const item of objects) masking.learn(dataOf(item));
}

function dataOf(item: StackObject): unknown {
  return item.kind === "job" ? item.job : item.kind === "keys" ? item.values : item.entry;
}

/** Names that stand all over the output, also where somebody took one for a password. */
function namesOf(item: StackObject): readonly string[] {
  if (item.kind !== "job") return item.kind === "entry" ? [item.entry.Name] : [];
  const names = (item.job.TaskGroups ?? []).flatMap(({ Name, Tasks }) => [
    Name,
    ...(Tasks ?? []).map((task) => task.Name),
  ]);
  return [item.job.ID, ...names].filter((name): name is string => typeof name === "string" && name !== "");
}
