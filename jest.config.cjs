const common = {
  testEnvironment: "node",
  transform: { "\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }] },
  modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/dist", "<rootDir>/.cdk-nomad", "<rootDir>/.scratch"],
};

module.exports = {
  ci: true,
  projects: [
    { ...common, displayName: "unit", testMatch: ["<rootDir>/__tests__/{lib,stacks,program}/**/*.test.ts"] },
    {
      ...common,
      displayName: "e2e",
      globalSetup: "<rootDir>/__tests__/e2e/setup.ts",
      testMatch: ["<rootDir>/__tests__/e2e/**/*.test.ts"],
    },
    {
      ...common,
      displayName: "operate",
      globalSetup: "<rootDir>/__tests__/e2e/setup.ts",
      testMatch: ["<rootDir>/__tests__/operate/**/*.test.ts"],
    },
  ],
};
