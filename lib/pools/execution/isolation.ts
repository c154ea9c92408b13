import type { Place } from "./execution";

/** Drivers whose tasks see files and processes of their own, as a whole container. */
const CONTAINERS = new Set(["docker", "podman", "containerd-driver", "singularity", "apptainer"]);
/** Drivers whose tasks see a folder of their own as their root. */
const CHROOTS = new Set(["exec", "exec2", "java"]);

/** What keeps the commands in a task of this driver apart from others; `none` for raw_exec, and for a driver that is not known here. */
export function isolationOf(driver: string): Place["isolation"] {
  if (CONTAINERS.has(driver)) return "container";
  return CHROOTS.has(driver) ? "chroot" : "none";
}
