# For deployments: writes what the program says of Consul. "shop/" is the prefix of the program's keys.
key_prefix "shop/" {
  policy = "write"
}

# What stacks were deployed with: the records of all of them.
key_prefix "cdk-nomad/stacks/" {
  policy = "write"
}

service_prefix "" {
  policy     = "write"
  intentions = "write"
}
