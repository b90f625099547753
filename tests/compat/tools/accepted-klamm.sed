# Klamm does not serve DescribeTopicPartitions yet, without which kafka-topics says N/A.
s/Elr: N\/A(\t.*): N\/A$/Elr: \1:/
# Kafka's tool prints the configurations of a topic by a hash table of their names; ours by name.
s/(Configs: )(cleanup.policy=compact,delete),(min.insync.replicas=1),/\1\3,\2,/
