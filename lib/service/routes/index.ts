/** The routes of the service, by what they are about. */
export { browserSessionRoutes } from "./browser-sessions";
export { browserViewRoutes } from "./browser-views";
export { containerRoutes } from "./containers";
export { executeRoute } from "./execute";
export { healthRoutes } from "./health";
export { poolRoutes } from "./pools";
export { sessionRoutes } from "./session";
