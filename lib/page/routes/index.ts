/** The routes of the page, by what they are about. */
export { environmentRoutes } from "./environments";
export { eventRoutes, HEARTBEAT } from "./events";
export { fileRoutes } from "./files";
