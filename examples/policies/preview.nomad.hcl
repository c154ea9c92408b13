# For previews and drift: reads jobs, and asks Nomad what it would do with another. Registers, stops and starts nothing.
# Nomad 1.11.3 knows plan-job; a Nomad that does not refuses this policy.
namespace "default" {
  capabilities = ["list-jobs", "read-job", "plan-job"]

  # The records of stacks that have nothing in Consul.
  variables {
    path "cdk-nomad/stacks/*" {
      capabilities = ["list", "read"]
    }
  }
}
