import type { Attack } from "./attack";
import { ON_FILES } from "./on-files";
import { ON_PROCESSES } from "./on-processes";
import { ON_SERVER } from "./on-server";

export type { Attack } from "./attack";
export { AttackedServer } from "./attacked-server";

/** What one slot may try, all of which is refused: `npm run bench -- pools attacks` counts it. */
export const ATTACKS: readonly Attack[] = [...ON_FILES, ...ON_PROCESSES, ...ON_SERVER];
