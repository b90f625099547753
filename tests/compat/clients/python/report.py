"""The lines of the report: a scenario's name and facts, separated by tabs.

Facts must not change from run to run: no ids, times, hosts or ports.
"""

import hashlib

from confluent_kafka import KafkaException


def line(scenario, **facts):
    """Prints one line about a scenario."""
    cells = [f"{name}={text(value)}" for name, value in facts.items()]
    print("\t".join([scenario, *cells]), flush=True)


def text(value):
    """A fact as one word or sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return f'"{value.decode()}"'
    if isinstance(value, dict):
        return ",".join(f"{key}:{text(each)}" for key, each in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return ",".join(text(each) for each in value)
    return str(value)


def outcome(future):
    """What became of an administrator's request: "ok", or the error's name and message."""
    try:
        future.result(30)
    except KafkaException as failure:
        return error(failure.args[0])
    return "ok"


def error(failure):
    """An error's name and message."""
    return f"{failure.name()}: {failure.str()}"


def digest(values):
    """A short hash of these byte strings in this order."""
    state = hashlib.sha256()
    for value in values:
        state.update(len(value).to_bytes(4, "big") + value)
    return state.hexdigest()[:16]
