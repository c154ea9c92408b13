import { createHash, randomUUID } from "node:crypto";

/**
 * The variables by which the processes of a server are known, whoever has started them since: each is the beginning of the one below it. What
 * clears its environment is known by its user, or ends with the namespace of its slot.
 */
export class Marks {
  /** Of every server that ever had this folder. */
  readonly folder: string;
  /** Of this start of the server. */
  readonly server: string;
  /** Of the process that guards it. */
  readonly guard: string;

  /** @param dataDir its real path */
  constructor(dataDir: string) {
    const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 32);
    this.folder = `SANDBOX_SLOT=${hash}.`;
    this.server = `${this.folder}${randomUUID()}.`;
    this.guard = `SANDBOX_GUARD=${hash}`;
  }

  slot(id: string): string {
    return `${this.server}${id}.`;
  }
}

/** A mark as it stands in an environment. */
export function asVariable(mark: string): Readonly<Record<string, string>> {
  const [name = "", value = ""] = mark.split("=");
  return { [name]: value };
}
