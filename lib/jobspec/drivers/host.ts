/** What those who read or write jobs ask about drivers, and nobody who makes a job. */
export { isKnownDriver, KNOWN_DRIVERS } from "./driver";
