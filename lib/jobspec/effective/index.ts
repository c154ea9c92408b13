/** What a server makes of a job. */
export { effective } from "./job";
