import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import type { TestCluster } from "./cluster";

/** Rules of policies, of Nomad and of Consul. */
export type Rules = Readonly<Record<"nomad" | "consul", string>>;

/** Rules without the part that a pattern takes; what is not there cannot be taken away. */
export function without(rules: Rules, api: keyof Rules, part: RegExp): Rules {
  const less = rules[api].replace(part, "");
  if (less === rules[api]) throw new Error(`the policy has no ${part}`);
  return { ...rules, [api]: less };
}

let made = 0;

/** An environment of a cluster with tokens of their own, which have these rules. */
export async function environmentWith(cluster: TestCluster, { nomad, consul }: Rules) {
  const name = `rights-${(made += 1)}`;
  const body = { Name: name, Rules: nomad };
  await cluster.nomad.http.post(apiPath`/v1/acl/policy/${name}`, v.unknown(), { body });
  const secret = v.object({ SecretID: v.string() });
  const { SecretID } = await cluster.nomad.http.post(apiPath`/v1/acl/token`, secret, {
    body: { Name: name, Type: "client", Policies: [name] },
  });
  const ask = async (path: string, sent: object) => {
    const answer = await cluster.ask("consul", path, { method: "PUT", body: JSON.stringify(sent) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  await ask("/v1/acl/policy", { Name: name, Rules: consul });
  const consulToken = v.parse(secret, await ask("/v1/acl/token", { Policies: [{ Name: name }] }));
  return { ...cluster.environment, NOMAD_TOKEN: SecretID, CONSUL_HTTP_TOKEN: consulToken.SecretID };
}

/** Whether something was done. */
export const works = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
