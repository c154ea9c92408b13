import { BLOCK_EXAMPLES } from "../../examples/blocks";
import {
  Connect,
  Driver,
  Gateway,
  Job,
  pathText,
  VolumeRequest,
  type Block,
  type Problem,
  type Target,
} from "../../lib";
import { definitionOf, KNOWN_DRIVERS } from "../../lib/jobspec/host";
import { catalog } from "../../scripts/reference/catalog";

type BlockClass = new (props: never) => Block;
/** A property that holds blocks of a class, and the class that has it. */
interface Holder {
  readonly type: BlockClass;
  readonly property: string;
  readonly inList: boolean;
}
type Changeable = Block & { with(changes: object): Block };

/** Everything is known to this Nomad, and nothing is ignored by it. */
const TARGET: Target = { nomadVersion: "2.0", enterprise: true };
/** What an example stands in, where that of the class around it cannot hold it. */
const AROUND: Readonly<Record<string, Block>> = {
  CsiMountOptions: VolumeRequest.csi("data", "web-data", {
    accessMode: "single-node-writer",
    attachmentMode: "file-system",
  }),
  Gateway: new Connect({}),
  MeshGatewayEntry: new Gateway({}),
  TerminatingGateway: new Gateway({}),
};
/** Of batch jobs alone. */
const DISPATCHED: ReadonlySet<string> = new Set(["Periodic", "Parameterized", "DispatchPayload"]);

const entries = catalog();
const holders = holdersOf([Job as unknown as BlockClass, ...KNOWN_DRIVERS.map(({ type }) => type as BlockClass)]);

/** For each class of a block, the first that may hold one: breadth first, from a job and from the drivers' configurations. */
function holdersOf(roots: readonly BlockClass[]): ReadonlyMap<BlockClass, Holder | undefined> {
  const found = new Map<BlockClass, Holder | undefined>(roots.map((root) => [root, undefined]));
  for (const type of found.keys())
    for (const { name, field } of definitionOf(type).list) {
      const of = (field.of as (() => BlockClass) | undefined)?.();
      if (of && !found.has(of)) found.set(of, { type, property: name, inList: field.kind !== "block" });
    }
  return found;
}

/** An example where it belongs: the whole that it is part of, and the properties on the way to it. */
function inItsPlace(name: string, type: BlockClass): { readonly whole: Block; readonly way: readonly string[] } {
  let whole = BLOCK_EXAMPLES[name] as Block;
  const way: string[] = [];
  let holder = holders.get(type);
  for (let inner = name; holder; holder = holders.get(holder.type)) {
    const outer = AROUND[inner] ?? (BLOCK_EXAMPLES[holder.type.name] as Block);
    whole = (outer as Changeable).with({ [holder.property]: holder.inList ? [whole] : whole });
    way.unshift(holder.property);
    inner = holder.type.name;
  }
  return { whole, way };
}

/** A job with the example in it, and the properties on the way to it. */
function jobWith(name: string, type: BlockClass): { readonly job: Job; readonly way: readonly string[] } {
  const { whole, way } = inItsPlace(name, type);
  const job = BLOCK_EXAMPLES.Job as Job;
  if (whole instanceof Job)
    return {
      job: DISPATCHED.has(name)
        ? whole.with({ type: "batch", ...(name === "DispatchPayload" ? { parameterized: {} } : {}) })
        : whole,
      way,
    };
  const driver = KNOWN_DRIVERS.find((known) => whole instanceof known.type);
  const make = Driver[driver?.constructorName as "docker"] as unknown as (config: Block) => Driver;
  return {
    job: job.withEachTask((task) => task.with({ driver: make(whole) })),
    way: ["groups", "tasks", "driver", ...way],
  };
}

/** What is said of the part of a job that lies at a way through its properties. */
function said(job: Job, way: readonly string[]): readonly string[] {
  const isThere = ({ path }: Problem) => {
    const names = path.filter((step) => typeof step === "string");
    return way.every((property, index) => names[index] === property);
  };
  return job
    .validate(TARGET)
    .filter(isThere)
    .map(({ severity, path, message }) => `${severity} ${pathText(path)}: ${message}`);
}

describe("the examples of the reference", () => {
  test("are of every block, and of nothing else", () => {
    expect(Object.keys(BLOCK_EXAMPLES).sort()).toEqual(entries.map(({ name }) => name).sort());
    expect(entries.filter(({ name, type }) => !((BLOCK_EXAMPLES[name] as Block) instanceof type))).toEqual([]);
  });

  test("show something of each", () => {
    const empty = entries.filter(
      ({ name, definition }) =>
        definition.list.length > 0 && Object.keys((BLOCK_EXAMPLES[name] as Block).toApi()).length === 0,
    );
    expect(empty.map(({ name }) => name)).toEqual([]);
  });

  test.each(entries.map(({ name, type }) => [name, type as BlockClass] as const))(
    "%s: a server takes it where it belongs, and nothing is warned of",
    (name, type) => {
      const { job, way } = jobWith(name, type);
      expect(said(job, way)).toEqual([]);
    },
  );

  test("would be found fault with where they are wrong", () => {
    const { job, way } = jobWith("VolumeMount", entries.find(({ name }) => name === "VolumeMount")?.type as BlockClass);
    expect(
      said(
        job.withEachGroup((group) => group.with({ volumes: [] })),
        way,
      ),
    ).toEqual([expect.stringContaining('the group has no volume "data"')]);
  });
});
