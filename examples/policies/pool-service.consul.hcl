# What the pools' service and managers of pools need of Consul: the leases, and whether containers are healthy.
key_prefix "pools/" {
  policy = "write"
}

# The names of the pools that are served.
service_prefix "warm-pool-" {
  policy = "read"
}

# Checks are answered with the nodes that they are of.
node_prefix "" {
  policy = "read"
}
