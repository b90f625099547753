# Klamm does not serve DescribeTopicPartitions yet, without which kafka-topics says N/A.
s/Elr: N\/A(\t.*): N\/A$/Elr: \1:/
