# For previews and drift: reads jobs, and asks Nomad what it would do with another. Registers, stops and starts nothing.
# Nomad knows plan-job from 1.11 on.
namespace "default" {
  capabilities = ["list-jobs", "read-job", "plan-job"]
}
