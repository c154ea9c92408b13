import type { Port } from "../blocks";
import { isDeferred, type Place } from "../engine";
import { each, networksOf, type GroupRule } from "./walk";

/** Ports: each label and each static port once. */
export const ports: GroupRule = (group) => {
  const labels = new Map<string, Place>();
  const taken = new Map<string, string>();
  for (const network of networksOf(group)) {
    const own = each<Port>(network.value.ports, network.at, "ports");
    for (const port of own) {
      const { label, hostNetwork } = port.value;
      const other = labels.get(label);
      if (other)
        port.at
          .property("label")
          .error("port/duplicate-label", `"${label}" is the label of ${other.toString()} already; write another`);
      labels.set(label, port.at);

      const number = port.value.static;
      if (number === undefined || number === 0 || isDeferred(number)) continue;
      const key = `${hostNetwork || "default"}:${number}`;
      const owner = taken.get(key);
      if (owner !== undefined && !port.value.ignoreCollision) {
        port.at
          .property("static")
          .error("port/duplicate-static", `${number} is taken by "${owner}" already; write another port`);
      }
      taken.set(key, label);
    }
    const { mode } = network.value;
    if (mode !== undefined && mode !== "" && mode !== "host") {
      for (const port of own) {
        if (port.value.ignoreCollision)
          port.at
            .property("ignoreCollision")
            .error("port/ignore-collision", `only a host network can; this one's mode is "${mode}"`);
      }
    }
  }
};
