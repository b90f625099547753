"""Producing: acknowledgements, partitions of keys, codecs, records without keys, idempotence."""

import report

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


def acks(node):
    for level in ("0", "1", "all"):
        topic = f"acks-{level}"
        node.create(topic, 3)
        messages = [
            {"key": f"key-{index}".encode(), "value": f"value-{index}".encode()}
            for index in range(100)
        ]
        delivered = node.write(topic, messages, acks=level)
        records = node.read(topic, len(messages))
        partitions = {record.key(): record.partition() for record in records}
        facts = {
            "acks": level,
            "read": len(records),
            "dense": dense(records),
            "partitions": "".join(str(partitions[each["key"]]) for each in messages),
        }
        if level != "0":
            # Without acknowledgement no producer learns an offset.
            facts["offsets_as_read"] = places(delivered) == places(records)
        report.line("acks", **facts)


def codecs(node):
    for codec in CODECS:
        topic = f"codec-{codec}"
        node.create(topic, 1)
        values = [f"value {index:04} ".encode() * 25 for index in range(200)]
        node.write(topic, [{"value": value} for value in values], compression_type=codec)
        read = [record.value() for record in node.read(topic, len(values))]
        report.line(
            "codecs", codec=codec, read=len(read), equal=read == values, hash=report.digest(read)
        )


def null_keys(node):
    topic = "null-keys"
    node.create(topic, 3)
    values = [f"value-{index}".encode() for index in range(300)]
    messages = [{"value": value} for value in values]
    node.write(topic, messages, sticky_partitioning_linger_ms=0)
    records = node.read(topic, len(messages))
    report.line(
        "null keys",
        read=len(records),
        partitions=len({record.partition() for record in records}),
        same=sorted(values) == sorted(record.value() for record in records),
        dense=dense(records),
    )


def idempotence(node):
    topic = "idempotence"
    node.create(topic, 3)
    values = [f"value-{index}".encode() for index in range(500)]
    messages = [{"value": each, "partition": index % 3} for index, each in enumerate(values)]
    # Small batches, so that many sequences of the producer are in flight at once.
    settings = {"enable_idempotence": True, "batch_num_messages": 10}
    delivered = node.write(topic, messages, **settings)
    records = node.read(topic, len(messages))
    ordered = sorted(records, key=lambda each: (each.offset(), each.partition()))
    report.line(
        "idempotence",
        read=len(records),
        distinct=len({record.value() for record in records}),
        dense=dense(records),
        in_order=[record.value() for record in ordered] == values,
        offsets_as_read=places(delivered) == places(records),
    )


def dense(records):
    """Whether each partition's offsets are 0, 1, 2 and so on."""
    seen = {}
    for record in records:
        seen.setdefault(record.partition(), []).append(record.offset())
    return all(offsets == list(range(len(offsets))) for offsets in seen.values())


def places(messages):
    return {each.value(): (each.partition(), each.offset()) for each in messages}
