/** The environments of this program, and the class that turns one into a stack. */
import { dev } from "./dev";
import { prod } from "./prod";
import type { EnvironmentSettings } from "./settings";
import { staging } from "./staging";

export { checkSettings, problemsOfSettings } from "./check-settings";
export type { ProgramInputs } from "./environment";
export { EnvironmentStack } from "./environment-stack";
export { checkPrismFolder } from "./prism-folder";
export type { EnvironmentSettings, GroupSettings } from "./settings";

/** Every environment, in the order in which a change travels. */
export const ENVIRONMENTS: readonly EnvironmentSettings[] = [dev, staging, prod];
