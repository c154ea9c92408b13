import { getNomadManager, getWarmPoolManager } from "../../../../lib/pools";

describe("managers of the environment", () => {
  test("refuse what they do not know, by the variable's name", () => {
    expect(() => getNomadManager({ RUNTIME_DRIVER: "podman" })).toThrow(
      'RUNTIME_DRIVER: "podman" is not known; write one of docker, exec, raw_exec',
    );
    expect(() => getWarmPoolManager({ WARM_POOL_DEPLOYED: "yes" })).toThrow(
      'WARM_POOL_DEPLOYED: "yes" is neither true nor false',
    );
  });
});
