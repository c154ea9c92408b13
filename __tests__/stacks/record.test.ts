import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { synthesize } from "../../lib";
import { readContents, desiredRecord } from "../../lib/operations";
import { createApp } from "../../main";
import type { ProgramInputs } from "../../stacks";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-stack-record-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let runs = 0;
/** The record of an environment of this program. */
function recordOf(name: string, inputs: ProgramInputs, variables: Readonly<Record<string, string>> = {}) {
  runs += 1;
  const outdir = join(folder, String(runs));
  synthesize(createApp({ app: { outdir }, inputs }));
  const contents = readContents(outdir, name, { variables, env: {} });
  return { contents, content: desiredRecord(contents, { project: "", environment: "" }).content };
}

test("dev records what decides it: the folder of the programs, sizes, Hermes' variables, and how jobs run", () => {
  const variables = { WARM_POOL_OPENAI_SIZE: "2", TERMINAL_NOMAD_SLOTS: "3", HOME: "/root" };
  const { content } = recordOf("dev", { prismBinDir: "/opt/prism", variables });
  expect(content.environmentVariables).toMatchObject({
    PRISM_BIN_DIR: "/opt/prism",
    WARM_POOL_OPENAI_SIZE: "2",
    WARM_POOL_GOOGLE_SIZE: null,
    TERMINAL_NOMAD_SLOTS: "3",
    TERMINAL_NOMAD_IMAGE: null,
    // None of them.
    CDK_NOMAD_CONTAINERS: "",
  });
  expect(content.environmentVariables).not.toHaveProperty("HOME");
});

test("how jobs run is the same wherever somebody says it again, whatever Docker has there", () => {
  const given = recordOf("dev", {});
  const said = given.content.environmentVariables.CDK_NOMAD_CONTAINERS ?? "";
  const images = [
    "hermes-sandbox:local",
    ...["openai", "anthropic", "google"].map((name) => `polydev-${name}-runtime:0.1.0`),
  ];
  const drivers = (contents: typeof given.contents) =>
    contents.objects.flatMap((item) =>
      item.kind === "job" ? [JSON.stringify(item.job).match(/"Driver":"\w+"/g)] : [],
    );
  const others = recordOf("dev", { dockerImages: images });
  expect(drivers(others.contents)).not.toEqual(drivers(given.contents));
  const again = recordOf("dev", { dockerImages: images, variables: { CDK_NOMAD_CONTAINERS: said } });
  expect(again.contents.objects).toEqual(given.contents.objects);
  expect(again.content).toEqual(given.content);
  expect(others.content.environmentVariables.CDK_NOMAD_CONTAINERS).toMatch(/^hermes-sandbox,.*runtime-openai/);
});

test("the version of prod's images is said by whoever deploys, and is never latest", () => {
  expect(() => recordOf("prod", {})).toThrow(/var\.image_version: has no value; write --var image_version=…/);
  for (const name of ["staging", "prod"])
    expect(() => recordOf(name, {}, { image_version: "latest" })).toThrow(
      /image_version: "latest" is refused: .*fixed tag/,
    );
  const { content } = recordOf("prod", {}, { image_version: "1.4.2" });
  expect(content).toMatchObject({ owner: "terraform", variables: { image_version: "1.4.2", log_level: "warn" } });
  expect(content.defaults).toEqual({ log_level: "warn" });
  expect(new Set(content.jobs.map(({ region }) => region))).toEqual(new Set(["us-west", "us-east"]));
});
