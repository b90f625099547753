"""Static members: restarted within the session without a rebalance, fenced by their like."""

from confluent_kafka import ConsumerGroupState

import report
from member import Member
from node import DEADLINE_SECONDS, until

NAME = "static members"
GROUP = "static"


def run(node):
    node.create(GROUP, 3)
    members = {name: member(node, name) for name in ("one", "two")}
    await_parts(members)
    await_stable(node)
    for name, other in (("one", "two"), ("two", "one")):
        before, changes = members[name].owned.copy(), members[other].changes
        members[name].close()
        members[name] = member(node, name)
        await_parts(members)
        await_stable(node)
        report.line(
            NAME,
            restarted=name,
            same_partitions=members[name].owned == before,
            changes_of_other=members[other].changes - changes,
        )
    fence(node, members)
    for each in members.values():
        each.close()


def member(node, name):
    return Member(node, name, GROUP, GROUP, "range", group_instance_id=f"instance-{name}")


def await_parts(members):
    def shared():
        for each in members.values():
            each.poll()
        return sorted(len(each.owned) for each in members.values()) == [1, 2]

    until("parts of static members", shared)


def await_stable(node):
    def stable():
        group = node.admin.describe_consumer_groups([GROUP])[GROUP].result(DEADLINE_SECONDS)
        return group.state == ConsumerGroupState.STABLE and group

    group = until("a stable group", stable)
    instances = sorted(each.group_instance_id for each in group.members)
    report.line(NAME, members=len(group.members), instances=instances)


def fence(node, members):
    """A second member of the same instance takes the place of the first."""
    usurper = member(node, "one")
    fenced = members["one"]

    def told():
        usurper.poll()
        members["two"].poll()
        fenced.poll()
        return fenced.fatal

    until("the end of the fenced member", told)
    report.line(NAME, fenced=fenced.fatal.str())
    fenced.close()
    members["one"] = usurper
    await_parts(members)
