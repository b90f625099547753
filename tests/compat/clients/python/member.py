"""A member of a group. As a program it is a member to be killed:
member.py BOOTSTRAP GROUP TOPIC STRATEGY RECORDS

The program says "assigned N" when it owns N partitions, reads RECORDS records of each of its
partitions, commits half of them, says "committed" and reads on until it is killed.
"""

import sys

from confluent_kafka import KafkaError, TopicPartition

from node import Node, sound, until

SESSION_MS = 6_000
HEARTBEAT_MS = 500


class Member:
    """A consumer of a group that knows what it owns and what it has read."""

    def __init__(self, node, name, group, topic, strategy, **settings):
        self.name = name
        self.topic = topic
        self.owned = set()
        self.assignments = 0
        self.changes = 0
        self.records = []
        self.fatal = None
        self.consumer = node.consumer(
            group,
            client_id=name,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            partition_assignment_strategy=strategy,
            **settings,
        )
        self.consumer.subscribe(
            [topic], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.revoked
        )

    def assigned(self, _, partitions):
        self.assignments += 1
        self.changes += 1
        self.owned.update(each.partition for each in partitions)

    def revoked(self, _, partitions):
        self.changes += 1
        self.owned.difference_update(each.partition for each in partitions)

    def poll(self):
        """Reads a record if there is one, and takes part in rebalances."""
        message = self.consumer.poll(0.02)
        if message is None:
            return
        error = message.error()
        if error is not None and error.code() == KafkaError._FATAL:
            self.fatal = error
            return
        self.records.append(sound(message))

    def commit(self, offsets):
        """Commits these offsets by partition."""
        positions = [TopicPartition(self.topic, *each) for each in offsets.items()]
        self.consumer.commit(offsets=positions, asynchronous=False)

    def commit_read(self):
        """Commits all that was read of the partitions owned."""
        positions = {
            each.partition(): each.offset() + 1
            for each in self.records
            if each.partition() in self.owned
        }
        if positions:
            self.commit(positions)

    def close(self):
        self.consumer.close()


def main():
    bootstrap, group, topic, strategy, count = sys.argv[1:]
    member = Member(Node(bootstrap), "killed", group, topic, strategy)
    said = None

    def read_all():
        nonlocal said
        member.poll()
        if said != len(member.owned):
            said = len(member.owned)
            print(f"assigned {said}", flush=True)
        ends = {each.partition() for each in member.records if each.offset() + 1 == int(count)}
        return member.owned and ends >= member.owned

    until("all records", read_all)
    member.commit({partition: int(count) // 2 for partition in member.owned})
    print("committed", flush=True)
    while True:
        member.poll()


if __name__ == "__main__":
    main()
