/** What an endpoint of Nomad's asks of a token. */
interface Permission {
  /** Default: any. */
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: RegExp;
  /** In words that go on after "a token with". */
  readonly needs: string;
}

const capability = (name: string) => `the capability ${name}`;

/**
 * What Nomad 1.11 asks of a token, by the endpoint: the first row that fits counts. `__tests__/operate/capabilities.test.ts` asks a server with tokens that may
 * one thing each.
 *
 * @see https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy
 */
const PERMISSIONS: readonly Permission[] = [
  { path: /^\/v1\/acl\//, needs: "the type management" },
  { path: /^\/v1\/nodes?(\/|$)/, needs: 'the policy read of nodes (node { policy = "read" })' },
  { path: /^\/v1\/agent\//, needs: 'the policy read of agents (agent { policy = "read" })' },
  { path: /^\/v1\/operator\//, needs: 'the policy read of operators (operator { policy = "read" })' },
  { method: "GET", path: /^\/v1\/vars?(\/|$)/, needs: "the right to list and read the variable" },
  { path: /^\/v1\/vars?(\/|$)/, needs: "the right to write and destroy the variable" },
  { path: /^\/v1\/client\/fs\/logs\//, needs: capability("read-logs") },
  { path: /^\/v1\/client\/fs\//, needs: capability("read-fs") },
  {
    path: /^\/v1\/client\/allocation\/[^/]+\/exec$/,
    needs: `${capability("alloc-exec")}, and alloc-node-exec where the driver isolates nothing, as raw_exec`,
  },
  { path: /^\/v1\/client\/allocation\/[^/]+\/(?:restart|signal)$/, needs: capability("alloc-lifecycle") },
  { path: /^\/v1\/allocation\/[^/]+\/stop$/, needs: capability("alloc-lifecycle") },
  { method: "GET", path: /^\/v1\/jobs$/, needs: capability("list-jobs") },
  { path: /^\/v1\/jobs\/parse$/, needs: `${capability("parse-job")}, or submit-job` },
  { path: /^\/v1\/validate\/job$/, needs: capability("read-job") },
  {
    path: /^\/v1\/job\/[^/]+\/plan$/,
    needs: `${capability("plan-job")}, or submit-job where Nomad does not know that`,
  },
  { method: "GET", path: /^\/v1\//, needs: capability("read-job") },
  { path: /^\/v1\/job\/[^/]+\/scale$/, needs: `${capability("scale-job")}, or submit-job` },
  { path: /^\/v1\//, needs: capability("submit-job") },
];

/** What a token of Nomad's needs for a request, in words that go on after "a token with". */
export function nomadPermission(method: string, path: string): string | undefined {
  const [at = path] = path.split("?");
  return PERMISSIONS.find((each) => (each.method ?? method) === method && each.path.test(at))?.needs;
}
