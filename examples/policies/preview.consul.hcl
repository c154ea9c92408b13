# For previews and drift: reads what the program says of Consul. "shop/" is the prefix of the program's keys.
key_prefix "shop/" {
  policy = "read"
}

# What stacks were deployed with: the records of all of them.
key_prefix "cdk-nomad/stacks/" {
  policy = "read"
}

service_prefix "" {
  policy     = "read"
  intentions = "read"
}
