/**
 * What the pools' service may do by the identity of its job: rules of policies of Nomad and of Consul, as `examples/policies` has them with
 * comments. The embedded cluster gives them to the job.
 *
 * @see https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy
 * @see https://developer.hashicorp.com/consul/docs/security/acl/acl-rules
 */
export const POOL_SERVICE_POLICIES = {
  nomad: `namespace "default" {
  capabilities = [
    "list-jobs",
    "read-job",
    "submit-job",
    "alloc-lifecycle",
    "alloc-exec",
    "alloc-node-exec",
    "read-logs",
  ]

  variables {
    path "nomad/jobs/pool-service" {
      capabilities = ["read"]
    }
    path "pools/*" {
      capabilities = ["read", "write", "destroy"]
    }
    path "cdk-nomad/stacks/*" {
      capabilities = ["list", "read"]
    }
  }
}
`,
  consul: `key_prefix "pools/" {
  policy = "write"
}

key_prefix "cdk-nomad/stacks/" {
  policy = "read"
}

service_prefix "" {
  policy = "read"
}

node_prefix "" {
  policy = "read"
}
`,
} as const;
