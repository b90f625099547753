"""What a record carries: headers in their order, and keys and values that are null or empty."""

import report

TOPIC = "records"


def run(node):
    node.create(TOPIC, 1)
    headers = [("a", b"1"), ("b", b"2"), ("a", b"3"), ("null", None), ("empty", b""), ("a", b"1")]
    messages = {
        "headers": {"key": b"k", "value": b"v", "headers": headers},
        "no headers": {"key": b"k", "value": b"v"},
        "null key": {"key": None, "value": b"v"},
        "null value": {"key": b"k", "value": None},
        "both null": {"key": None, "value": None},
        "empty key": {"key": b"", "value": b"v"},
        "empty value": {"key": b"k", "value": b""},
        "null value and headers": {"key": b"k", "value": None, "headers": headers[:1]},
    }
    for codec in ("none", "lz4"):
        node.write(TOPIC, list(messages.values()), compression_type=codec)
    names = list(messages) * 2
    for name, record in zip(names, node.read(TOPIC, len(names)), strict=True):
        seen = [f"{key}={report.text(value)}" for key, value in record.headers() or []]
        report.line("records", record=name, key=record.key(), value=record.value(), headers=seen)
