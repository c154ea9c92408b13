import { COMMANDS } from "../../../lib/cli";
import { cli } from "../../support/run-cli";

test("the help tells defaults and environment variables in one form, in brackets behind what an option is", async () => {
  const all = COMMANDS.flatMap(([, entries]) =>
    entries.flatMap((entry) => ("commands" in entry ? entry.commands : [entry])),
  );
  const parameters = all.flatMap(({ name, options }) =>
    Object.entries(options).map(([option, { summary }]) => `${name} ${option}: ${summary}`),
  );
  expect(parameters.length).toBeGreaterThan(100);
  expect(parameters.filter((each) => /nothing is said|none is said|POOL_SERVICE_/.test(each))).toEqual([
    expect.stringMatching(/^ui service: /),
  ]);
  const help = (await cli(["serve", "--help"])).stdout.replaceAll(/\s+/g, " ");
  expect(help).toContain("--port <number> its port (default: 8790; environment: POOL_SERVICE_PORT)");
  expect(help).toContain(
    "--pool <name> a pool that it serves; repeatable (environment: POOL_SERVICE_POOLS, separated by commas)",
  );
});

test("the help of the program, of every group and of every command has exit codes and an example", async () => {
  const lines = COMMANDS.flatMap(([, entries]) =>
    entries.flatMap((entry) => [
      [entry.name],
      ...("commands" in entry ? entry.commands.map(({ name }) => [entry.name, name]) : []),
    ]),
  );
  expect(lines.length).toBeGreaterThan(30);
  for (const line of [[], ...lines]) {
    const { code, stdout } = await cli([...line, "--help"]);
    expect([line, code, stdout]).toEqual([
      line,
      0,
      expect.stringMatching(/\nExit codes:\n {2}0 [^]*\nExamples?:\n {2}\$ /),
    ]);
  }
});

test("help is asked for by the whole name of a command, in either order", async () => {
  for (const [line, ...same] of [
    [
      ["pool", "claim"],
      ["help", "pool", "claim"],
      ["pool", "help", "claim"],
    ],
    [
      ["pool", "token"],
      ["help", "pool", "token"],
      ["help", "pool", "token", "create"],
    ],
    [["deploy"], ["help", "deploy"]],
    [["pool"], ["help", "pool"], ["pool", "help"]],
  ]) {
    const asked = await cli([...(line ?? []), "--help"]);
    for (const each of same) expect([each, await cli(each)]).toEqual([each, asked]);
  }
  expect(await cli(["help"])).toEqual(await cli(["--help"]));
});

test.each([
  {
    line: ["deplyo", "--help"],
    said: /^✗ unknown command 'deplyo' \(Did you mean deploy\?\); cdk-nomad --help says more/,
  },
  {
    line: ["help", "deplyo"],
    said: /^✗ unknown command 'deplyo' \(Did you mean deploy\?\); cdk-nomad --help says more/,
  },
  { line: ["pool", "renew", "--help"], said: /^✗ unknown command 'renew'.*; cdk-nomad pool --help says more/ },
  { line: ["pool", "help", "renew"], said: /^✗ unknown command 'renew'.*; cdk-nomad pool --help says more/ },
  { line: ["help", "pool", "renew"], said: /^✗ unknown command 'renew'.*; cdk-nomad pool --help says more/ },
  { line: ["--help", "deplyo"], said: /^✗ unknown command 'deplyo'/ },
])("$line is no command: that is said, and no help of another", async ({ line, said }) => {
  const { code, stdout, stderr } = await cli(line);
  expect([code, stdout, stderr.replaceAll(/\s+/g, " ")]).toEqual([1, "", expect.stringMatching(said)]);
});
