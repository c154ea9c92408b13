import { isPlainObject, type ApiObject } from "../engine";
import { isEmptyObject, objectsOf } from "./objects";

/** What tells where a gateway's Envoy listens. */
const BINDING = ["EnvoyGatewayNoDefaultBind", "EnvoyGatewayBindTaggedAddresses", "EnvoyGatewayBindAddresses"] as const;

/**
 * A gateway of API JSON with its proxy as a server stores it: in a network of its own, the server says where it listens, unless somebody wrote any
 * of that.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/gateway
 */
export function withBinding(gateway: ApiObject, mode: string): ApiObject {
  const proxy = isPlainObject(gateway.Proxy) ? gateway.Proxy : {};
  const isWritten = BINDING.some((key) => proxy[key] && !isEmptyObject(proxy[key]));
  const hasOwnNetwork = mode === "bridge" || mode.startsWith("cni/");
  return { ...gateway, Proxy: isWritten || !hasOwnNetwork ? stored(proxy) : { ...proxy, ...binding(gateway) } };
}

/** A proxy whose addresses have no other names than their keys, as a server keeps them. */
function stored(proxy: ApiObject): ApiObject {
  const { EnvoyGatewayBindAddresses: held } = proxy;
  if (!isPlainObject(held)) return proxy;
  const named = Object.entries(held).map(([name, address]) => {
    const { Address, Port } = isPlainObject(address) ? address : {};
    return [name, { Address, Port }] as const;
  });
  return { ...proxy, EnvoyGatewayBindAddresses: Object.fromEntries(named) };
}

/** A gateway of API JSON without what a server would say again of where it listens. */
export function withoutBinding(gateway: ApiObject): ApiObject {
  const { Proxy: proxy } = gateway;
  if (!isPlainObject(proxy)) return gateway;
  const usual: ApiObject = binding(gateway);
  const isUsual = BINDING.every((key) => sameBinding(proxy[key], usual[key]));
  if (!isUsual) return gateway;
  const rest = Object.entries(proxy).filter(([key]) => !(BINDING as readonly string[]).includes(key));
  return { ...gateway, Proxy: Object.fromEntries(rest) };
}

function binding(gateway: ApiObject): Readonly<Record<(typeof BINDING)[number], unknown>> {
  return {
    EnvoyGatewayNoDefaultBind: true,
    EnvoyGatewayBindTaggedAddresses: false,
    EnvoyGatewayBindAddresses: addresses(gateway),
  };
}

function addresses({ Ingress: ingress, Terminating: terminating }: ApiObject): ApiObject {
  const at = (port: unknown) => ({ Address: "0.0.0.0", Port: port });
  if (isPlainObject(terminating)) return { default: at(-1) };
  if (!isPlainObject(ingress)) return { wan: at(-1), lan: at(-1) };
  const services = objectsOf(ingress.Listeners).flatMap(({ Port: port, Services: of }) =>
    objectsOf(of).map(({ Name: name }) => [String(name), at(port)] as const),
  );
  return Object.fromEntries(services);
}

function sameBinding(one: unknown, other: unknown): boolean {
  if (!isPlainObject(other)) return (one ?? false) === other;
  if (!isPlainObject(one) || Object.keys(one).length !== Object.keys(other).length) return false;
  return Object.entries(other).every(([name, address]) => {
    const own = one[name];
    const { Address: host, Port: port } = address as ApiObject;
    return isPlainObject(own) && own.Address === host && own.Port === port;
  });
}
