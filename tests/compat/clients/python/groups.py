"""Groups whose members come, leave and are killed, with each way of sharing partitions."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import report
from member import SESSION_MS, Member
from node import until

STRATEGIES = ("range", "roundrobin", "cooperative-sticky")
PARTITIONS = 3
# Records of a partition in each round of writing.
ROUND = 10


def run(node):
    for strategy in STRATEGIES:
        topic = f"group-{strategy}"
        node.create(topic, PARTITIONS)
        join_and_leave(node, topic, strategy)


def join_and_leave(node, topic, strategy):
    def member(name):
        return Member(node, name, topic, topic, strategy)

    first, second = member("a"), member("b")
    share(strategy, "two members", [first, second], [1, 2])
    write(node, topic)
    read(strategy, [first, second], ROUND * PARTITIONS)
    first.commit_read()
    second.commit_read()

    third, fourth = member("c"), member("d")
    share(strategy, "four members", [first, second, third, fourth], [0, 1, 1, 1])
    first.close()
    share(strategy, "one has left", [second, third, fourth], [1, 1, 1])
    second.close()
    third.close()
    share(strategy, "one remains", [fourth], [PARTITIONS])

    write(node, topic)
    read(strategy, [fourth], ROUND * PARTITIONS)
    first_offsets = {}
    for record in fourth.records:
        first_offsets.setdefault(record.partition(), record.offset())
    report.line("groups", strategy=strategy, step="resume", first_offsets=first_offsets)
    fourth.commit_read()
    fourth.close()


def share(strategy, step, members, sizes):
    """Waits until each member has its part, together all partitions."""

    def shared():
        for member in members:
            member.poll()
        owned = [partition for member in members for partition in member.owned]
        return (
            all(member.assignments for member in members)
            and sorted(len(member.owned) for member in members) == sizes
            and sorted(owned) == list(range(PARTITIONS))
        )

    until(f"shares of {strategy}: {step}", shared)
    facts = {"sizes": sizes}
    if strategy != "cooperative-sticky":
        # The members' names lead their ids, by which these strategies order them.
        facts["owned"] = {member.name: len(member.owned) for member in members}
    report.line("groups", strategy=strategy, step=step, **facts)


def write(node, topic):
    node.write(topic, [
        {"value": f"{partition}-{index}".encode(), "partition": partition}
        for index in range(ROUND)
        for partition in range(PARTITIONS)
    ])


def read(strategy, members, count):
    """Waits until so many records are read, each by the member that owns its partition."""

    def all_read():
        for member in members:
            member.poll()
        return sum(len(member.records) for member in members) >= count

    until(f"{count} records with {strategy}", all_read)
    values = {record.value() for member in members for record in member.records}
    report.line(
        "groups",
        strategy=strategy,
        step="read",
        records=sum(len(member.records) for member in members),
        distinct=len(values),
        by_owner=all(
            record.partition() in member.owned for member in members for record in member.records
        ),
    )


def crash(node):
    for strategy in ("range", "cooperative-sticky"):
        topic = f"crash-{strategy}"
        node.create(topic, PARTITIONS)
        killed = Killed(node, topic, strategy)
        try:
            killed.await_line("assigned 3", [])
            survivor = Member(node, "survivor", topic, topic, strategy)
            kill_and_take_over(node, topic, strategy, survivor, killed)
        finally:
            killed.kill()
        survivor.close()


def kill_and_take_over(node, topic, strategy, survivor, killed):
    # Range gives the larger part to the name that comes first, the sticky one keeps it there.
    killed.await_line("assigned 2", [survivor])
    until("a part of the survivor", lambda: survivor.poll() or len(survivor.owned) == 1)
    write(node, topic)
    killed.await_line("committed", [survivor])
    until("the survivor's records", lambda: survivor.poll() or len(survivor.records) == ROUND)
    survivor.commit_read()
    survivor.records.clear()

    killed.kill()
    started = time.monotonic()
    until("a take-over", lambda: survivor.poll() or len(survivor.owned) == PARTITIONS)
    seconds = time.monotonic() - started
    left = 2 * (ROUND - ROUND // 2)
    until("the rest", lambda: survivor.poll() or len(survivor.records) >= left)
    first_offsets = {}
    for record in survivor.records:
        first_offsets.setdefault(record.partition(), record.offset())
    report.line(
        "crash",
        strategy=strategy,
        # The session runs from the killed member's last heartbeat, some time before its end.
        after_session=seconds > SESSION_MS / 1_000 / 2,
        first_offsets=sorted(first_offsets.values()),
        read=len(survivor.records),
    )


class Killed:
    """A member in a process of its own."""

    def __init__(self, node, topic, strategy):
        program = Path(__file__).with_name("member.py")
        arguments = [node.bootstrap, topic, topic, strategy, str(ROUND)]
        self.process = subprocess.Popen(
            [sys.executable, str(program), *arguments], stdout=subprocess.PIPE
        )
        self.output = b""

    def await_line(self, line, members):
        """Waits until the process says this, while these members go on."""

        def said():
            for member in members:
                member.poll()
            descriptor = self.process.stdout.fileno()
            if select.select([descriptor], [], [], 0.02)[0]:
                self.output += os.read(descriptor, 4096)
            return line.encode() in self.output.splitlines()

        until(f"the member to say {line}", said)

    def kill(self):
        self.process.kill()
        self.process.wait()
