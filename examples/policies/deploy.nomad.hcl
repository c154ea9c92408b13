# For deployments and promotions: registers jobs, watches them, and reads the logs of tasks that fail.
namespace "default" {
  capabilities = ["list-jobs", "read-job", "submit-job", "read-logs"]

  # The records of stacks that have nothing in Consul.
  variables {
    path "cdk-nomad/stacks/*" {
      capabilities = ["list", "read", "write", "destroy"]
    }
  }
}
