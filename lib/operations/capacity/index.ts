/** How much fits: counted as Nomad's scheduler counts. */
export { capacityOf, type Capacity, type GroupCapacity } from "./capacity";
export { jobsByRegion } from "./regions";
export { demandOf, demandsOf, type Demand } from "./demand";
export { describedNode, liveNodes, type Room } from "./nodes";
export { preemptingTypes, preemptionFor, type Preemption } from "./preemption";
export { howManyFit, type Fit, type Limit } from "./pack";
export { shortagesOf, type Shortage } from "./shortage";
export { DIMENSIONS, NOTHING, parseNode, parseSpace, type Space } from "./space";
