import { Writable } from "node:stream";
import { UserError } from "../../lib";
import { previewMarkdown } from "../../lib/cli/preview-markdown";
import { previewText } from "../../lib/cli/preview-text";
import { Terminal } from "../../lib/cli/terminal";
import type { FieldDiff, JobDiff } from "../../lib/nomad";
import { fieldChanges, type Preview } from "../../lib/operations";
import { term } from "../../lib/text";
import { textsOf, type Plant } from "./drawn-plants";

/** Everything that a command prints with a terminal, in text, JSON and Markdown. */
function printed(asJson: boolean, print: (terminal: Terminal) => void): string {
  let text = "";
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString("utf8");
      done();
    },
  });
  const terminal = new Terminal({
    stdout: output,
    stderr: output,
    env: {},
    clock: { now: () => 0, date: () => 0 },
    asJson,
  });
  print(terminal);
  return text;
}

/** A field of a diff for each text of data, as Nomad flattens what a driver is given. */
function flattened(data: unknown, name = ""): readonly (readonly [string, string])[] {
  if (typeof data === "string") return [[name, data]];
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([key, item]) => flattened(item, name === "" ? key : `${name}[${key}]`));
}

/** The diff of a job in which a plant stands with one secret before and with another after. */
function diffOf({ data }: Plant, before: string, after: string): JobDiff {
  const old = flattened({ Config: data(before) });
  const fresh = new Map(flattened({ Config: data(after) }));
  const fields = old.map(([name, text]): FieldDiff => {
    const now = fresh.get(name) ?? "";
    return { Type: text === now ? "None" : "Edited", Name: name, Old: text, New: now, Annotations: [] };
  });
  const objects = [{ Type: "Edited", Name: "Config", Fields: fields, Objects: [] }];
  return { Type: "Edited", ID: "web", Fields: [], Objects: objects, TaskGroups: [] };
}

const GROUP = {
  name: "g",
  create: 0,
  inPlace: 0,
  replace: 1,
  canaries: 0,
  migrate: 0,
  stop: 0,
  preempt: 0,
  unchanged: 0,
};

/** What each output shows of a plan that changes a secret, and of errors about it. */
function outputsOf(plant: Plant, before: string, after: string): Readonly<Record<string, string>> {
  const preview = ({ masking }: Terminal): Preview => ({
    environment: "dev",
    jobs: [
      {
        job: "web",
        path: "dev/web",
        change: "update",
        modifyIndex: 1,
        groups: [GROUP],
        fields: fieldChanges(diffOf(plant, before, after), masking),
        warnings: textsOf(plant.data(after)).map((text) => masking.text(`deprecated: ${text}`)),
      },
    ],
    consul: [],
    terraformOnly: [],
  });
  const errors = textsOf(plant.data(after)).map((text) => UserError.at("dev/web", `the server refused ${text}`));
  return {
    text: printed(false, (terminal) => terminal.print(previewText(preview(terminal)))),
    json: printed(true, (terminal) => terminal.json(preview(terminal))),
    markdown: printed(false, (terminal) => terminal.markdown(previewMarkdown(preview(terminal)))),
    error: printed(false, (terminal) => {
      terminal.masking.learn(plant.data(after));
      for (const error of errors) terminal.fail(error);
    }),
    "error in JSON": printed(true, (terminal) => {
      terminal.masking.learn(plant.data(after));
      for (const error of errors) terminal.fail(error);
    }),
    note: printed(false, (terminal) => {
      terminal.masking.learn(plant.data(after));
      for (const text of textsOf(plant.data(after))) terminal.note(term`read ${text} again: ${after}`);
    }),
  };
}

/** Which outputs show one of two secrets that are planted in a way. */
export function seenInOutputs(plant: Plant, before: string, after: string): readonly string[] {
  return Object.entries(outputsOf(plant, before, after)).flatMap(([output, text]) => {
    // A text that is wrapped to a width is found all the same.
    const flat = text.replaceAll(/\s+/g, "");
    return [before, after].some((secret) => flat.includes(secret)) ? [`${plant.where}: ${output} shows ${text}`] : [];
  });
}
