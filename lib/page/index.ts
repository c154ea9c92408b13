import type { ServicePlugin } from "../service";
import type { Environments } from "./environments";
import { environmentRoutes, eventRoutes, fileRoutes, logRoutes } from "./routes";

/** The page of the service: a document for a browser, and the routes that it asks. */
export { clusterEnvironments, type ClusterEnvironmentsOptions } from "./cluster-environments";
export type { EnvironmentListener, Environments, JobPlace, ProgramEnvironments, TaskPlace } from "./environments";
export type { LogPiece, LogPosition, LogReader } from "./log";
export type { Drift, Environment, EnvironmentList, EnvironmentStatus, Job, TaskLog, Verdict } from "./api";

/** The page's routes, for a service. Its pools are asked by the routes that the service has for everybody. */
export function pagePlugin(environments: Environments): ServicePlugin {
  return (app, parts) => {
    fileRoutes(app);
    environmentRoutes(app, environments);
    const streams = [eventRoutes(app, environments, parts), logRoutes(app, environments, parts)];
    return {
      close: async () => {
        for (const each of streams) each.close();
        await environments.close();
      },
    };
  };
}
