/** Operations in a transaction of Consul, and bytes of its keys and values: all releases take as many. https://developer.hashicorp.com/consul/api-docs/txn */
const MOST_OPERATIONS = 64;
const MOST_BYTES = 256 * 1024;

/**
 * Changes of Consul's keys in as few transactions as it takes, in their order. One that is too large by itself has a transaction of its own, which Consul
 * refuses.
 */
export function inTransactions<T>(
  changes: readonly T[],
  partsOf: (change: T) => { readonly key: string; readonly value?: string },
): readonly (readonly T[])[] {
  const all: T[][] = [];
  let bytes = 0;
  for (const change of changes) {
    const { key, value = "" } = partsOf(change);
    const own = Buffer.byteLength(key) + Buffer.byteLength(value);
    const last = all.at(-1);
    if (last === undefined || last.length === MOST_OPERATIONS || bytes + own > MOST_BYTES) {
      all.push([change]);
      bytes = own;
    } else {
      last.push(change);
      bytes += own;
    }
  }
  return all;
}
