import type { Scenario } from "./run";

/**
 * A thousand nodes and a hundred thousand slots in a thousand pools, each of which three of fifty processes look after; ten clusters of Consul. The burst asks
 * two hundred pools for 30 containers a second each, of which each is held for two seconds: three quarters of what these pools have.
 */
export const WHOLE: Scenario = {
  world: {
    ...{ seed: 1, nodes: 1000, pools: 1000, containers: 100, managers: 50, managersOfPool: 3 },
    ...{ consuls: 10, consulProcessors: 8, nomadProcessors: 32 },
  },
  load: {
    ...{ rate: 1500, hold: 2000, timeout: 10_000, lasts: 8000 },
    bursts: [{ at: 3000, lasts: 1000, times: 4, pools: 200 }],
  },
  faults: [
    { kind: "nodes", at: 500, nodes: 20 },
    { kind: "kill", at: 1000, managers: 5, back: 1500 },
    { kind: "partition", at: 2000, managers: 3, lasts: 3000 },
    { kind: "pause", at: 2500, managers: 2, lasts: 2500 },
    { kind: "loss", at: 4000, managers: 3, lasts: 2000, part: 0.1 },
    { kind: "slow", at: 5000, lasts: 1000, times: 5 },
  ],
};

/** One Consul, and so many pools of a hundred containers: what it has to do grows with each. */
export function onOneConsul(pools: number, managersOfPool: number, rate: number): Scenario {
  return {
    world: {
      ...{ seed: 1, nodes: 10 * pools, pools, containers: 100, managers: Math.max(managersOfPool, 5), managersOfPool },
      ...{ consuls: 1, consulProcessors: 8, nomadProcessors: 32 },
    },
    load: { rate, hold: 1000, timeout: 10_000, lasts: 4000, bursts: [] },
    faults: [],
  };
}
