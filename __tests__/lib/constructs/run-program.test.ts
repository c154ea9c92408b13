import { runProgram } from "../../../lib";

/** What a program says in an environment of these variables. */
function said(variables: Readonly<Record<string, string>>): readonly string[] {
  const before = process.env;
  const lines: string[] = [];
  const error = jest.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  process.env = { PATH: before.PATH, ...variables };
  try {
    runProgram(() => []);
    return lines;
  } finally {
    process.env = before;
    error.mockRestore();
  }
}

test("under cdktf, without an address, one line says where Terraform goes and how to point it elsewhere", () => {
  const lines = said({ CDKTF_OUTDIR: "cdktf.out" });
  expect(lines).toEqual([expect.stringContaining("http://127.0.0.1:4646")]);
  expect(lines[0]).toContain('eval "$(npx cdk-nomad env)"');
});

test.each([
  ["with an address", { CDKTF_OUTDIR: "cdktf.out", NOMAD_ADDR: "http://127.0.0.1:4646" }],
  ["where cdk-nomad runs it", { CDKTF_OUTDIR: "cdktf.out", CDK_NOMAD_COMMAND: "deploy" }],
  ["where it is run by itself", {}],
])("nothing is said %s", (_where, variables) => {
  expect(said(variables)).toEqual([]);
});
