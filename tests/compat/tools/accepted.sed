# Nothing: against Klamm, Apache Kafka's tools print what they print against Apache Kafka.
