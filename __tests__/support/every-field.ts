import { type Block, Cpu, Driver, Duration, Job, Memory } from "../../lib";
import { definitionOf, KNOWN_DRIVERS, type Field } from "../../lib/jobspec/host";

type BlockType = new (props: never) => Block;
export type Props = Record<string, unknown>;

/** Every class of a block that a job may hold, the configurations of drivers among them. */
export const BLOCKS: readonly BlockType[] = (() => {
  const found = new Set<BlockType>();
  const visit = (type: BlockType): void => {
    if (found.has(type)) return;
    found.add(type);
    for (const { field } of definitionOf(type).list) {
      const inner = field.of?.();
      if (typeof inner === "function") visit(inner as BlockType);
    }
  };
  visit(Job as BlockType);
  for (const { type } of KNOWN_DRIVERS) visit(type);
  return [...found];
})();

/** A value of a field as somebody writes it: new every time, and everything in it may be changed. */
export function sampleOf(field: Field, name: string, depth: number): unknown {
  switch (field.kind) {
    case "string":
      return field.values?.find((value) => value !== "") ?? `a ${name}`;
    case "int":
      return 3;
    case "bool":
      return true;
    case "duration":
      return Duration.seconds(90);
    case "mebibytes":
      return Memory.mebibytes(64);
    case "strings":
      return [`a ${name}`, "b"];
    case "numbers":
      return [1, 2];
    case "string-map":
      return { a: `a ${name}`, b: "b" };
    case "strings-map":
      return { a: [`a ${name}`], b: ["b", "c"] };
    case "any-map":
      return { A: { list: [1, { deep: "d" }] }, B: true };
    case "block":
      return samplesOf(field.of?.() as BlockType, depth - 1);
    case "blocks":
    case "block-map":
      return [samplesOf(field.of?.() as BlockType, depth - 1)];
    case "special":
      return special(field, depth);
  }
}

function special(field: Field, depth: number): unknown {
  if (field.api.includes("CPU")) return Cpu.mhz(500);
  if (field.api.includes("Driver")) return Driver.custom("mine", { args: ["a"], nested: [{ deep: { er: "d" } }] });
  return [samplesOf(field.of?.() as BlockType, depth - 1)];
}

/** Properties of a block with a value for each of its fields; at depth 0 only for those that it needs. */
export function samplesOf(type: BlockType, depth: number): Props {
  const fields = definitionOf(type).list.filter(({ field }) => depth > 0 || field.required);
  return Object.fromEntries(fields.map(({ name, field }) => [name, sampleOf(field, name, depth)]));
}
