# Kafka's tool prints the configurations of a topic by a hash table of their names; ours by name.
s/(Configs: )(cleanup.policy=compact,delete),(min.insync.replicas=1),/\1\3,\2,/
# The stack trace that Kafka's tool prints behind the error, which begins with what the error said.
/^  Error: Executing consumer group command failed due to /{n;/^  2\| java\./d}
# Advice, in words of our own.
s/(execute option is missing\.) .*/\1/
# Our kafka-configs does not talk to controllers, so that this is not changed through one.
s/retention\.ms=(77|5) (.*)=(77|5)\}/retention.ms=5 \2=5}/
# Kafka's tool knows of 4.4-IV0 too, which it calls unstable.
s/(Supported metadata\.version are: .*), 4\.4-IV0$/\1/
# The stack trace that Kafka's tools print behind an error begins with what the error said.
$!N
/^  2\| (.*)\n  2\| [A-Za-z.]+: \1$/s/\n.*//
P
D
