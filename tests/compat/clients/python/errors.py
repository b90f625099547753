"""What a producer is told when the node refuses its records."""

import report

NAME = "errors"


def run(node):
    node.create("small-records", 1, max_message_bytes="1000")
    node.create("compacted", 1, cleanup_policy="compact")
    for idempotent in (False, True):
        settings = {"enable_idempotence": idempotent, "acks": "all"}
        cases = {
            "too large": ("small-records", {"value": b"x" * 5_000}),
            "fits": ("small-records", {"value": b"x" * 500}),
            "compacted without key": ("compacted", {"value": b"x"}),
            "compacted with key": ("compacted", {"key": b"k", "value": b"x"}),
        }
        for name, (topic, message) in cases.items():
            [(error, _)] = node.send(topic, [message], **settings)
            outcome = report.error(error) if error else "ok"
            report.line(NAME, record=name, idempotent=idempotent, outcome=outcome)

    message = {"value": b"x"}
    # A producer that gives up at once on a topic that nobody may make.
    settings = {"allow_auto_create_topics": False, "topic_metadata_propagation_max_ms": 500}
    [(error, _)] = node.send("not-there", [message], **settings)
    there = "not-there" in node.admin.list_topics(timeout=10).topics
    report.line(NAME, record="unknown topic", outcome=report.error(error), made=there)
    node.write("made-by-need", [message])
    partitions = node.admin.list_topics(timeout=10).topics["made-by-need"].partitions
    report.line(NAME, record="topic made by need", partitions=len(partitions))
    [(error, _)] = node.send("no spaces!", [message])
    report.line(NAME, record="invalid topic", outcome=report.error(error))
