/** From which version on a program is under the BUSL 1.1. https://www.hashicorp.com/en/license-faq */
const SINCE: Readonly<Record<string, readonly number[]>> = {
  nomad: [1, 6, 6],
  consul: [1, 17, 0],
  Vault: [1, 14, 8],
};

/**
 * The licence of a release: MPL 2.0, which is open source, before HashiCorp changed that of its programs in 2023; BUSL 1.1 since. OpenBao has
 * kept it.
 *
 * @param name `nomad`, `consul`, `OpenBao` or `Vault`
 * @param version such as `1.11.3`; where it is unknown, so is the licence
 */
export function licenceOf(name: string, version: string): string {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (!parts) return "licence unknown";
  const since = SINCE[name];
  if (!since) return name === "OpenBao" ? "MPL 2.0" : "licence unknown";
  const difference = parts.map((part, index) => part - (since[index] ?? 0)).find((part) => part !== 0) ?? 0;
  return difference >= 0 ? "BUSL 1.1" : "MPL 2.0";
}
