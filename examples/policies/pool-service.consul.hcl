# What the pools' service and managers of pools need of Consul: the leases, and whether containers are healthy.
key_prefix "pools/" {
  policy = "write"
}

# Which stacks there are: for its page.
key_prefix "cdk-nomad/stacks/" {
  policy = "read"
}

# Whether containers of pools are healthy, and, for its page, the services of all jobs. Without its page, the names of the pools are enough: "warm-pool-".
service_prefix "" {
  policy = "read"
}

# Checks are answered with the nodes that they are of.
node_prefix "" {
  policy = "read"
}
