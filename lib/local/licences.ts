/**
 * The licence of a release of Nomad or Consul: MPL 2.0, which is open source, before HashiCorp changed it in 2023; BUSL 1.1 since.
 *
 * @param version such as `1.11.3`; where it is unknown, so is the licence
 * @see https://www.hashicorp.com/en/license-faq
 */
export function licenceOf(name: "nomad" | "consul", version: string): string {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (!parts) return "licence unknown";
  const since = name === "nomad" ? [1, 6, 6] : [1, 17, 0];
  const difference = parts.map((part, index) => part - (since[index] ?? 0)).find((part) => part !== 0) ?? 0;
  return difference >= 0 ? "BUSL 1.1" : "MPL 2.0";
}
