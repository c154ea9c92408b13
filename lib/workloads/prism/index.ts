/** The Prism stack: admin, launcher and keyvalue groups, with what they need of Consul and Vault. */
export { AdminGroup, type AdminGroupProps, type AdminPorts, type DatabaseSecret } from "./admin-group";
export { awaitService } from "./await-service";
export { type PrismGroupProps } from "./group-props";
export { KeyvalueGroup, type KeyvalueGroupProps, type KeyvalueMode } from "./keyvalue-group";
export { LauncherGroup, type LauncherGroupProps, type LauncherPorts } from "./launcher-group";
export type { Pattern } from "./pattern";
export { Prism, type PrismProps } from "./prism";
export { PrismStack, type PrismStackProps } from "./prism-stack";
export { Program, type BinaryOptions, type ImageOptions, type ProgramOrigin } from "./program";
export { standIn, type StandInName } from "./stand-in";
