/**
 * The bytes that one object of a record may have: a variable of Nomad takes 64 KiB with the name of its item, and a transaction of Consul, which writes
 * a record whole or not at all, as many in every release.
 */
export const LARGEST_TEXT = { nomad: 64 * 1024 - "record".length, consul: 256 * 1024 } as const;

/** Says that an object of a record is too large for what keeps it: what it is of, by how much, and what to do. */
export function tooLarge(bytes: number | undefined, store: keyof typeof LARGEST_TEXT): string {
  const most = Math.floor(LARGEST_TEXT[store] / 1024);
  const has = bytes === undefined ? "is larger than" : `has ${Math.ceil(bytes / 1024)} KiB, more than`;
  const keeps = store === "nomad" ? "a variable of Nomad" : "a transaction of Consul";
  return `the record of its variables and environment variables ${has} the ${most} KiB that ${keeps} takes; declare the variables with long values sensitive, which are never recorded, or let the program read them from a file`;
}
