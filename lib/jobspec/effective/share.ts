import { isPlainObject, type ApiObject } from "../engine";
import { USUAL_SHARE } from "../rules";

/** Resources with the MHz that are reserved where no cores are. https://developer.hashicorp.com/nomad/docs/job-specification/resources */
export function withShare(resources: unknown): ApiObject {
  if (!isPlainObject(resources)) return { CPU: USUAL_SHARE };
  if (resources.CPU !== undefined || resources.Cores) return resources;
  return { ...resources, CPU: USUAL_SHARE };
}
