import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MASK, Masking } from "../../../lib/masking";
import { learnStack, readContents, variableValues } from "../../../lib/operations";

/** A stack's file with one job, whose text is a template. */
function stackWith(variable: object, env: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), "sensitive-"));
  try {
    const job = { Job: { ID: "app", TaskGroups: [{ Name: "g", Count: 1, Tasks: [{ Name: "t", Env: env }] }] } };
    const jobspec = JSON.stringify(job).replaceAll('"${number}"', "${var.number}");
    mkdirSync(join(folder, "stacks/lab"), { recursive: true });
    writeFileSync(join(folder, "manifest.json"), JSON.stringify({ version: "0.21.0", stacks: { lab: {} } }));
    writeFileSync(
      join(folder, "stacks/lab/cdk.tf.json"),
      JSON.stringify({ variable, resource: { nomad_job: { app: { jobspec, json: true } } } }),
    );
    const contents = readContents(folder, "lab", { variables: {}, env: {} });
    const masking = new Masking();
    learnStack(masking, contents);
    return masking;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the value of a sensitive variable is hidden wherever it reaches, however short it is", () => {
  const variable = {
    pin: { type: "string", sensitive: true, default: "7" },
    number: { type: "number", sensitive: true, default: 3 },
    level: { type: "string", default: "info" },
  };
  const masking = stackWith(variable, {
    A: "${var.pin}",
    B: "x${var.pin}y",
    C: "${number}",
    D: "${var.level}",
    E: "7",
  });
  const shown = (name: string, value: string) => masking.value(`Env[${name}]`, value);
  expect([shown("A", "7"), shown("B", "x7y"), shown("C", "3"), shown("D", "info"), shown("E", "7")]).toEqual([
    MASK,
    MASK,
    MASK,
    "info",
    "7",
  ]);
  expect(masking.change("Env[B]", "x8y", "x7y")).toEqual({ before: MASK, after: MASK });
  expect(masking.text("7 of 7 allocations")).toBe("7 of 7 allocations");
});

test("a value that is refused is not repeated where it is sensitive, by its declaration or its name", () => {
  const refusal = (name: string, sensitive: boolean) => {
    try {
      variableValues({ [name]: { type: "number", sensitive } }, { [name]: "winter" }, {});
      return "taken";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refusal("pin", true)).toBe("var.pin: the value that it is given is no number");
  expect(refusal("db_password", false)).toBe("var.db_password: the value that it is given is no number");
  expect(refusal("replicas", false)).toBe('var.replicas: "winter" is no number');
});
