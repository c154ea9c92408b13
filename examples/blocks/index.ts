/** Every block, as somebody would write it: what the reference shows. */
import type { Block } from "../../lib";
import { OF_DRIVERS } from "./drivers";
import { OF_JOBS } from "./job";
import { OF_MESH } from "./mesh";

/** An example of each block, by its class's name. A server takes each where it belongs, which a test holds. */
export const BLOCK_EXAMPLES: Readonly<Record<string, Block>> = { ...OF_JOBS, ...OF_MESH, ...OF_DRIVERS };
