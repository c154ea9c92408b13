import jest from "eslint-plugin-jest";
import tseslint from "typescript-eslint";

const NO_DROPPED_RESULT = {
  selector:
    "ExpressionStatement > CallExpression[callee.type='MemberExpression'][callee.property.name=/^with(?:out|[A-Z]|$)/]",
  message: "a block never changes: with…() gives back another, and here nobody takes it",
};
const NO_LOST_NAMES = {
  selector: "CallExpression[callee.object.name='v'][callee.property.name='record']",
  message:
    "a record of valibot passes over the names constructor, prototype and __proto__: read with byName of lib/reading",
};
const NO_TIME_OF_DAY = {
  object: "Date",
  property: "now",
  message: "the time of day is set back and forth: measure with performance.now()",
};
const FROM_THE_EDGE = "is given by whoever calls: the command line takes it from the process, a test gives its own";
const PROCESS = ["env", "cwd", "argv", "stdin", "stdout", "stderr", "platform", "arch", "getuid", "exit", "exitCode"];
const NO_SURROUNDINGS = PROCESS.map((property) => ({
  object: "process",
  property,
  message: `process.${property} ${FROM_THE_EDGE}`,
}));
const PROCESS_AND_MACHINE = [
  "node:process",
  "process",
  { name: "node:os", importNames: ["homedir", "platform", "arch"], message: FROM_THE_EDGE },
];

export default tseslint.config(
  { ignores: ["node_modules", "dist", "cdktf.out", ".cdk-nomad", ".scratch", "coverage", "bin"] },
  ...tseslint.configs.recommended,
  {
    rules: {
      // The properties of a block are an interface with a name of its own, so that an editor shows that name.
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
      "no-restricted-syntax": ["error", NO_DROPPED_RESULT, NO_LOST_NAMES],
    },
  },
  {
    // A command is given its surroundings, so that a test can run it in its own process.
    files: ["lib/cli/**/*.ts"],
    ignores: ["lib/cli/main.ts"],
    rules: {
      "no-restricted-globals": ["error", "process", "console"],
      "no-restricted-imports": ["error", { paths: ["node:process", "process", "node:console"] }],
    },
  },
  {
    files: ["lib/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-properties": ["error", NO_TIME_OF_DAY],
    },
  },
  {
    // What a process has around it is no default of a room below the command line: whoever forgets to give it would not notice.
    files: [
      "lib/{github,job-parts,jobspec,local,masking,nomad,operations,page,private-files,service,testing,text,typescript}/**/*.ts",
      "lib/pools/{containers,execution,leases,runtime,slots,store}/**/*.ts",
      "lib/pools/jobs/*.ts",
    ],
    // A program of its own, and the two documented singletons, which read the environment of their process.
    ignores: ["lib/operations/files/program-runner.ts", "lib/pools/**/get-*-manager.ts"],
    rules: {
      "no-restricted-properties": ["error", NO_TIME_OF_DAY, ...NO_SURROUNDINGS],
      "no-restricted-imports": ["error", { paths: PROCESS_AND_MACHINE }],
    },
  },
  {
    // Stand-ins are judged in the place of a job with tokens (docs/decisions/0021-unknown-values.md).
    files: ["lib/jobspec/rules/**/*.ts"],
    // Free-form data has no stand-ins, and whether a canary waits for somebody is no verdict.
    ignores: ["lib/jobspec/rules/{literals,interpolation,effective}.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            ...PROCESS_AND_MACHINE,
            { name: "../engine", importNames: ["isKnown"], message: "a rule is written as if every value were known" },
          ],
        },
      ],
    },
  },
  {
    // A command loads what it does when it runs: --help loads nothing of it.
    files: ["lib/cli/commands/*.ts", "lib/cli/{options,terminal}.ts"],
    rules: {
      "@typescript-eslint/no-require-imports": "off",
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
      ],
    },
  },
  {
    // Node loads these two as they stand.
    files: ["**/*.cjs", "lib/workloads/prism/stand-in.ts"],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    files: ["__tests__/**/*.ts"],
    ...jest.configs["flat/recommended"],
    rules: {
      ...jest.configs["flat/recommended"].rules,
      "jest/expect-expect": ["error", { assertFunctionNames: ["expect", "**.has*", "**.jobCountIs"] }],
      // A test that needs something of the machine, and says so where it is skipped.
      "jest/no-standalone-expect": [
        "error",
        {
          additionalTestBlockFunctions: [
            "testWhere",
            "testWithCorpus",
            "testWithMounts",
            "testWithNomad",
            "testWithNomad.each",
            "testWithSecretlint",
            "testWithTerraform",
            "withSchemas",
            "withTerraform",
            "withNewer",
            "withProviders",
            "withEnvoy",
            "testWithBrowser",
            "testWithBrowser.each",
          ],
        },
      ],
      "jest/valid-expect": "error",
    },
  },
);
