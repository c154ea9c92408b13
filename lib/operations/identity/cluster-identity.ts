import { UserError } from "../../errors";
import { ApiError, isClosed, isUnreachable, type ConsulClient, type NomadClient } from "../../nomad";
import { LOOKING, withRetries } from "../events";

/** What is known of a cluster by which it is told from others. What a token may not ask, or a release does not tell, is absent. */
export interface ClusterIdentity {
  /** Address of its Nomad, without credentials. */
  readonly address: string;
  /**
   * Ids of the keys that its Nomad signs with. Nomad 1.11 tells nobody its cluster's own id; these are as good, until a server has made others:
   * after 30 days, where nobody says otherwise.
   */
  readonly keys: readonly string[];
  /** The region of the Nomad that was asked. */
  readonly region?: string;
  /** The id of its Consul, which stays as long as the cluster. */
  readonly consulId?: string;
  /** The datacenter of the Consul that was asked: those that are federated have one id. */
  readonly consulDatacenter?: string;
}

/** How long Consul may take to say who it is: not every stack needs one. */
const PATIENCE = 3_000;

/**
 * Asks Nomad and Consul who they are.
 *
 * @throws UserError where Nomad does not answer
 */
export async function identifyCluster(
  { nomad, consul }: { readonly nomad: NomadClient; readonly consul: ConsulClient },
  signal?: AbortSignal,
): Promise<ClusterIdentity> {
  const [keys, region, ofConsul] = await Promise.all([
    unlessRefused(() => nomad.signingKeys(), signal),
    regionOf(nomad, signal),
    identifyConsul(consul, signal),
  ]);
  return {
    address: nomad.address,
    keys: keys ?? [],
    ...(region === undefined ? {} : { region }),
    ...ofConsul,
  };
}

/** The region of the Nomad that is asked, as far as the token may know it; one that it does not know is no region of the cluster. */
async function regionOf(nomad: NomadClient, signal: AbortSignal | undefined): Promise<string | undefined> {
  const named = nomad.http.connection.query?.region;
  if (named === undefined) return regionAsked(nomad, signal);
  // Whoever names a region gets it from a server that knows it, and from no other.
  const known = await unlessRefused(() => nomad.regions(), signal);
  return known?.includes(named) ? named : undefined;
}

/** The region of a server that is asked without naming one; undefined where the token may not know it, and there are several. */
export async function regionAsked(nomad: NomadClient, signal?: AbortSignal): Promise<string | undefined> {
  const own = await unlessRefused(() => nomad.ownRegion(), signal);
  return own ?? onlyOne(await unlessRefused(() => nomad.regions(), signal));
}

async function identifyConsul(
  consul: ConsulClient,
  signal: AbortSignal | undefined,
): Promise<Pick<ClusterIdentity, "consulId" | "consulDatacenter">> {
  const ends = AbortSignal.timeout(PATIENCE);
  const until = signal ? AbortSignal.any([signal, ends]) : ends;
  try {
    const [consulId, own, all] = await Promise.all([
      unlessRefused(() => consul.clusterId(until), until),
      unlessRefused(() => consul.datacenter(until), until),
      unlessRefused(() => consul.datacenters(until), until),
    ]);
    const consulDatacenter = own ?? onlyOne(all);
    return {
      ...(consulId === undefined ? {} : { consulId }),
      ...(consulDatacenter === undefined ? {} : { consulDatacenter }),
    };
  } catch {
    signal?.throwIfAborted();
    // Whoever needs Consul is told by whatever asks it next.
    return {};
  }
}

/** What a server says; undefined where it does not tell, or not this token. That it does not answer is an error, and what passes is waited for. */
async function unlessRefused<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  try {
    return await withRetries(ask, { ...LOOKING, signal });
  } catch (error) {
    // A release may not have the endpoint, a token may not ask it, and a proxy may not let it through.
    const isAnswer = error instanceof ApiError || error instanceof UserError;
    if (!isAnswer || isUnreachable(error) || isClosed(error)) throw error;
    return undefined;
  }
}

function onlyOne(all: readonly string[] | undefined): string | undefined {
  return all?.length === 1 ? all[0] : undefined;
}

/**
 * Whether two are one cluster: a key in common, and no Consul that is another; or the same address, where nothing else says that somebody else answers
 * there now, as over a tunnel.
 */
export function isSameCluster(one: ClusterIdentity, other: ClusterIdentity): boolean {
  const known = one.consulId !== undefined && other.consulId !== undefined;
  if (known && one.consulId !== other.consulId) return false;
  if (one.keys.some((key) => other.keys.includes(key))) return true;
  if (placeOfAddress(one.address) !== placeOfAddress(other.address)) return false;
  if (known) return one.consulDatacenter === other.consulDatacenter;
  return one.keys.length === 0 || other.keys.length === 0;
}

/** An address with its path, with one name for this machine: behind one host may be several clusters, and a socket is its path. */
function placeOfAddress(address: string): string {
  if (!URL.canParse(address)) return address;
  const { protocol, hostname, port, pathname } = new URL(address);
  const host = /^(localhost|\[::1\])$/.test(hostname) ? "127.0.0.1" : hostname;
  return `${protocol}//${host}:${port}${pathname.replace(/\/+$/, "")}`;
}
