/** The second door: for whoever looks at workloads that run, without the constructs that make them. */
export { STAND_IN } from "./common/stand-in-mark";
