/** The HTTP service that hands the pools out. */
export type { ClaimOptions, ColdRun, Dependency, LeasedContainer, PoolFigures, Pools } from "./pools";
