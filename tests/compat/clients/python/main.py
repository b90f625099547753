"""Runs every scenario against a fresh node and prints what was seen: main.py BOOTSTRAP."""

import sys
import time

import admin
import consume
import errors
import group_admin
import groups
import produce
import records
import static_members
from node import Node

SCENARIOS = (
    admin.run,
    produce.acks,
    produce.codecs,
    produce.null_keys,
    produce.idempotence,
    records.run,
    consume.run,
    groups.run,
    groups.crash,
    static_members.run,
    errors.run,
    group_admin.run,
)


def main():
    node = Node(sys.argv[1])
    for scenario in SCENARIOS:
        started = time.monotonic()
        scenario(node)
        name = f"{scenario.__module__}.{scenario.__name__}"
        print(f"{name}: {time.monotonic() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
