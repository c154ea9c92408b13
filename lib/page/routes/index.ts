/** The routes of the page, by what they are about. */
export { environmentRoutes } from "./environments";
export { eventRoutes } from "./events";
export { fileRoutes } from "./files";
export { logRoutes } from "./logs";
