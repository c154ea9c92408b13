const { availableParallelism } = require("node:os");

const swc = [
  "@swc/jest",
  {
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
    // Beside the code and not in it, where it would be read with every file.
    sourceMaps: true,
    // Each file of tests evaluates its modules anew: these are evaluated where something of them is used.
    module: { lazy: ["undici", "ws", "diff", "re2js", "prettier", "typescript"] },
  },
];

/** Packages that are ES modules only: GitHub's Markdown, read by a parser of its own, is what tests hold ours against. */
const MODULES =
  "micromark|mdast-util|unist-util|decode-named|character-entities|ccount|devlop|escape-string|markdown-table|longest-streak|zwitch";

const common = {
  // In CI, a file that failed is run once more, and says so.
  runner: "<rootDir>/__tests__/support/once-more.cjs",
  transform: { "\\.ts$": swc, [`node_modules/(${MODULES})[^/]*/.*\\.js$`]: swc },
  transformIgnorePatterns: [`/node_modules/(?!(${MODULES}))`],
  modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/dist", "<rootDir>/.cdk-nomad", "<rootDir>/.scratch"],
};

/** Many short files: packages are loaded once for a worker. */
const short = {
  ...common,
  testEnvironment: "<rootDir>/__tests__/support/shared-environment.cjs",
  runtime: "<rootDir>/__tests__/support/shared-runtime.cjs",
};

module.exports = {
  ci: true,
  // Twice the cores, where nobody says another number: files that wait let others run. In percent Jest takes no more than 100 and reads 200% as 200.
  maxWorkers: 2 * availableParallelism(),
  // It ends what hangs, and judges nothing: many synthesize a program or start a process, which takes minutes where a machine is busy.
  testTimeout: 300_000,
  projects: [
    { ...short, displayName: "unit", testMatch: ["<rootDir>/__tests__/{lib,stacks,program}/**/*.test.ts"] },
    // The command line, the action's script and programs as processes of their own, without a cluster.
    { ...short, displayName: "commands", testMatch: ["<rootDir>/__tests__/commands/**/*.test.ts"] },
    {
      ...common,
      displayName: "e2e",
      runner: "<rootDir>/__tests__/support/idle.cjs",
      testEnvironment: "<rootDir>/__tests__/support/cluster-environment.ts",
      globalSetup: "<rootDir>/__tests__/e2e/setup.ts",
      testMatch: ["<rootDir>/__tests__/e2e/**/*.test.ts"],
    },
    {
      // What npm makes of this folder, installed elsewhere. No cluster is needed; one after another, since all of them compile into the same folder.
      ...common,
      displayName: "install",
      testEnvironment: "node",
      testMatch: ["<rootDir>/__tests__/install/**/*.test.ts"],
    },
    {
      ...common,
      displayName: "operate",
      runner: "<rootDir>/__tests__/support/idle.cjs",
      testEnvironment: "<rootDir>/__tests__/support/cluster-environment.ts",
      globalSetup: "<rootDir>/__tests__/e2e/setup.ts",
      testMatch: ["<rootDir>/__tests__/operate/**/*.test.ts"],
    },
    {
      // Leases, executions and managers on a real Nomad and Consul.
      ...common,
      displayName: "pools",
      runner: "<rootDir>/__tests__/support/idle.cjs",
      testEnvironment: "<rootDir>/__tests__/support/cluster-environment.ts",
      globalSetup: "<rootDir>/__tests__/e2e/setup.ts",
      testMatch: ["<rootDir>/__tests__/pools/**/*.test.ts"],
    },
  ],
};
