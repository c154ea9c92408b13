# What the pools' service needs: PoolServiceJob's identity, or the token of `cdk-nomad serve`.
namespace "default" {
  capabilities = [
    "list-jobs",
    "read-job",
    "submit-job",
    "alloc-lifecycle",
    "alloc-exec",
    # For pools of raw_exec alone.
    "alloc-node-exec",
    # What tasks wrote, on its page.
    "read-logs",
  ]

  variables {
    # Its tokens.
    path "nomad/jobs/pool-service" {
      capabilities = ["read"]
    }
    # The leases, where they are kept in Nomad.
    path "pools/*" {
      capabilities = ["read", "write", "destroy"]
    }
    # Which stacks there are, where their records are kept in Nomad: for its page.
    path "cdk-nomad/stacks/*" {
      capabilities = ["list", "read"]
    }
  }
}
