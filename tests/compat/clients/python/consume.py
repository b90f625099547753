"""Where a consumer starts: the beginning, the end, a time, an offset that a group committed."""

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

import report
from node import DEADLINE_SECONDS, sound, until

NAME = "consume"
TOPIC = "consume"
GROUP = "consume-group"
FIRST_MS = 1_700_000_000_000
STEP_MS = 1_000
COUNT = 10


def run(node):
    # The records are old: nothing may retire them.
    node.create(TOPIC, 2, retention_ms="-1")
    for index in range(COUNT):
        # A batch each, so that a time finds a batch and not only a record in it.
        timestamp = FIRST_MS + index * STEP_MS
        node.write(TOPIC, [
            {"value": f"{partition}-{index}".encode(), "partition": partition,
             "timestamp": timestamp}
            for partition in range(2)
        ])
    beginning(node)
    offsets(node)
    times(node)
    from_time(node)
    committed(node)
    out_of_range(node)
    end(node)


def beginning(node):
    records = node.read(TOPIC, 2 * COUNT)
    report.line(
        NAME,
        start="beginning",
        read=len(records),
        hash=report.digest([record.value() for record in records]),
        timestamps=all(
            record.timestamp() == (1, FIRST_MS + record.offset() * STEP_MS) for record in records
        ),
    )


def offsets(node):
    specs = {
        "earliest": OffsetSpec.earliest(),
        "latest": OffsetSpec.latest(),
        "max timestamp": OffsetSpec.max_timestamp(),
        "time": OffsetSpec.for_timestamp(FIRST_MS + 4 * STEP_MS),
    }
    for name, spec in specs.items():
        partition = TopicPartition(TOPIC, 0)
        seen = node.admin.list_offsets({partition: spec})[partition].result(DEADLINE_SECONDS)
        report.line(
            NAME,
            offset=name,
            is_at=seen.offset,
            timestamp=seen.timestamp,
            leader_epoch=seen.leader_epoch,
        )
    unknown = TopicPartition(TOPIC, 9)
    seen = node.admin.list_offsets({unknown: OffsetSpec.latest()})[unknown]
    report.line(NAME, offset="of unknown partition", outcome=report.outcome(seen))


def times(node):
    consumer = node.consumer(GROUP)
    last_ms = FIRST_MS + (COUNT - 1) * STEP_MS
    asked = {
        "before all": FIRST_MS - 1,
        "first": FIRST_MS,
        "between": FIRST_MS + 2 * STEP_MS + 1,
        "last": last_ms,
        "beyond the end": last_ms + 1,
    }
    for name, timestamp in asked.items():
        partitions = [TopicPartition(TOPIC, partition, timestamp) for partition in range(2)]
        seen = consumer.offsets_for_times(partitions, timeout=10)
        report.line(NAME, time=name, offsets=[each.offset for each in seen])
    consumer.close()


def from_time(node):
    consumer = node.consumer(GROUP)
    middle = TopicPartition(TOPIC, 1, FIRST_MS + 6 * STEP_MS)
    consumer.assign(consumer.offsets_for_times([middle], timeout=10))
    read = take(consumer, COUNT - 6)
    report.line(NAME, start="time", read=[record.value() for record in read])
    consumer.close()


def committed(node):
    consumer = node.consumer(GROUP)
    none = consumer.committed([TopicPartition(TOPIC, 0)], timeout=10)
    report.line(NAME, committed="nothing", offset=none[0].offset)
    consumer.subscribe([TOPIC])
    take(consumer, COUNT)
    done = [
        TopicPartition(TOPIC, 0, 6, metadata="after six"),
        TopicPartition(TOPIC, 1, 3, metadata=""),
    ]
    consumer.commit(offsets=done, asynchronous=False)
    consumer.close()

    consumer = node.consumer(GROUP)
    for seen in consumer.committed([TopicPartition(TOPIC, each) for each in range(2)], timeout=10):
        report.line(
            NAME,
            committed="with metadata",
            partition=seen.partition,
            offset=seen.offset,
            metadata=(seen.metadata or "").encode(),
        )
    consumer.subscribe([TOPIC])
    read = take(consumer, 2 * COUNT - 9)
    report.line(NAME, start="committed", read=sorted(record.value() for record in read))
    consumer.commit(message=read[-1], asynchronous=False)
    consumer.close()


def out_of_range(node):
    for reset in ("earliest", "error"):
        consumer = node.consumer(GROUP, auto_offset_reset=reset)
        consumer.assign([TopicPartition(TOPIC, 0, 1_000)])
        seen = None
        try:
            seen = report.text(take(consumer, 1)[0].value())
        except KafkaException as failure:
            seen = failure.args[0].name()
        report.line(NAME, start="out of range", reset=reset, read=seen)
        consumer.close()


def end(node):
    consumer = node.consumer("consume-end", auto_offset_reset="latest")
    consumer.subscribe([TOPIC])

    def late_record():
        # A consumer does not tell when it has found the end: a record written too early is not
        # seen, the next one is.
        node.write(TOPIC, [{"value": b"late", "partition": 0}])
        return consumer.poll(0.5)

    record = sound(until("a late record", late_record))
    report.line(NAME, start="end", read=record.value())
    consumer.close()


def take(consumer, count):
    """The next records, so many."""
    records = []

    def enough():
        message = consumer.poll(1)
        if message is not None:
            records.append(sound(message))
        return len(records) >= count

    until(f"{count} records", enough)
    return records
