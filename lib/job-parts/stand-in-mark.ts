/** The task metadata that marks a stand-in. */
export const STAND_IN = "stand_in";
