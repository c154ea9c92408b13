/**
 * The pools' managers in simulated time: their own classes, against a modelled Nomad and Consul whose times were measured on real ones. For what no test
 * has machines for: a thousand nodes, fifty managers, and all that fails there at once.
 */
export { simulate, type Fault, type Outcome, type Scenario } from "./run";
export { burstyDay, fixedFor, replay, type DayOutcome, type Sizing } from "./day";
