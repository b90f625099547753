"""The node under test: topics made on it, clients of it, records written to and read from it."""

import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

DEADLINE_SECONDS = 30


def until(what, condition, seconds=DEADLINE_SECONDS):
    """Asks until the answer is true, and returns it. The condition itself waits a little."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"wait for {what}: not within {seconds} s")


class Node:
    """A node, by its address."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap})

    def create(self, name, partitions, **config):
        """Makes a topic and waits until clients see its leaders."""
        config = {key.replace("_", "."): value for key, value in config.items()}
        new = NewTopic(name, partitions, 1, config=config)
        self.admin.create_topics([new])[name].result(DEADLINE_SECONDS)
        self.await_partitions(name, partitions)

    def await_partitions(self, name, count):
        """Waits until so many partitions of a topic have a leader that answers for them.

        A broker may show a topic a moment before it takes records of it, and a record that asks
        for no acknowledgement is lost in that moment.
        """

        def are_led():
            topic = self.admin.list_topics(name, timeout=10).topics[name]
            if len(topic.partitions) != count:
                return False
            asked = {TopicPartition(name, each): OffsetSpec.latest() for each in topic.partitions}
            try:
                for answer in self.admin.list_offsets(asked).values():
                    answer.result(DEADLINE_SECONDS)
            except KafkaException as failure:
                print(f"await {name}: {failure}", file=sys.stderr)
                return False
            return True

        until(f"{count} partitions of {name}", are_led)

    def producer(self, **settings):
        """A producer that chooses partitions as Java's does."""
        return Producer({
            "bootstrap.servers": self.bootstrap,
            "partitioner": "murmur2_random",
            **dotted(settings),
        })

    def consumer(self, group, **settings):
        """A consumer that starts at the beginning and commits only when told to."""
        return Consumer({
            "bootstrap.servers": self.bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
            **dotted(settings),
        })

    def send(self, topic, messages, **settings):
        """Writes messages (arguments of `produce`) and returns their deliveries in this order.

        A delivery is an error or none, and the message.
        """
        producer = self.producer(**settings)
        deliveries = [None] * len(messages)

        def deliver_to(index):
            def delivered(error, message):
                deliveries[index] = (error, message)

            return delivered

        for index, message in enumerate(messages):
            producer.produce(topic, on_delivery=deliver_to(index), **message)
        if producer.flush(DEADLINE_SECONDS) != 0:
            raise TimeoutError(f"send to {topic}: not all delivered")
        return deliveries

    def write(self, topic, messages, **settings):
        """Writes messages and returns them as delivered; an error ends the run."""
        deliveries = self.send(topic, messages, **settings)
        for error, _ in deliveries:
            if error is not None:
                raise KafkaException(error)
        return [message for _, message in deliveries]

    def read(self, topic, count):
        """Every record of a topic, by partition and offset, once there are so many."""
        consumer = self.consumer("reader")
        try:
            partitions = sorted(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
            consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
            records = []

            def at_ends():
                message = consumer.poll(0.5)
                if message is not None:
                    records.append(sound(message))
                return len(records) >= count and len(records) == sum(
                    consumer.get_watermark_offsets(TopicPartition(topic, each))[1]
                    for each in partitions
                )

            until(f"{count} records of {topic}", at_ends)
        finally:
            consumer.close()
        return sorted(records, key=lambda each: (each.partition(), each.offset()))


def dotted(settings):
    """Settings given as keyword arguments, by their names."""
    return {key.replace("_", "."): value for key, value in settings.items()}


def sound(message):
    """The message itself, unless it stands for an error."""
    if message.error() is not None:
        raise KafkaException(message.error())
    return message
