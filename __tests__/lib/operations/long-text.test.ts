import { commandParser, serverParser } from "../../../lib/operations";
import { NomadClient, nomadConnection } from "../../../lib/nomad";
import { checkHeredocs } from "../../../lib/operations/hcl/long-text";
import { processorTime } from "../../support/growth";

const job = (data: string) => `job "a" {\n  group "g" {\n    template {\n      data = ${data}\n    }\n  }\n}\n`;
const heredoc = (line: string, lines: number) => job(`<<-EOF\n${`${line}\n`.repeat(lines)}      EOF`);

test("a template of 10 MB in HCL is told within a second, with its line and what to write instead", async () => {
  const text = heredoc("x".repeat(80), 130_000);
  const nobody = () => Promise.reject(new Error("Nomad is not asked"));
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: "http://127.0.0.1:1" }));
  const given = { variables: {}, cwd: "/" };
  for (const parse of [commandParser({ ...given, program: nobody }), serverParser({ ...given, nomad })]) {
    const told = expect.stringMatching(
      /web\.nomad\.hcl:4: is a text of 10\.\d MiB over 130000 lines.* data = file\("…"\).* as JSON/,
    );
    const took = await processorTime(() =>
      expect(parse("web.nomad.hcl", text)).rejects.toMatchObject({ message: told as string }),
    );
    expect(took).toBeLessThan(1000);
  }
  await nomad.close();
});

test.each<[string, string]>([
  ["1 MiB in lines of a hundred", heredoc("x".repeat(100), 10_000)],
  ["10 MiB in one line", heredoc("x".repeat(10_000_000), 1)],
  ["many short texts", Array.from({ length: 20_000 }, () => heredoc("x".repeat(100), 5)).join("\n")],
  ["long without a heredoc", job(JSON.stringify("x\n".repeat(1_000_000)))],
  ["a shift in a script, and no heredoc", job(`"a << b"\n${"# x\n".repeat(500_000)}`)],
])("%s is left to Nomad", (_what, text) => {
  expect(() => checkHeredocs("a.hcl", text)).not.toThrow();
});
