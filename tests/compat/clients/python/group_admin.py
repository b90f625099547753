"""Groups and their offsets as an administrator sees, moves and deletes them."""

from confluent_kafka import (
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicPartition,
)

import report
from member import Member
from node import DEADLINE_SECONDS, until

NAME = "group admin"
GROUP = "admin-group"
STATES = ConsumerGroupState


def run(node):
    # Static members of groups before this one stay until their sessions end.
    until("the end of other groups' members", lambda: all_empty(node))
    node.create(GROUP, 2)
    messages = [{"value": b"x", "partition": index % 2} for index in range(20)]
    node.write(GROUP, messages)
    member = Member(node, "only", GROUP, GROUP, "range")
    until("all records", lambda: member.poll() or len(member.records) == 20)
    member.commit({0: 4, 1: 7})
    groups(node)
    describe(node, GROUP)
    offsets(node)
    report.line(NAME, delete="group with members", outcome=delete(node, GROUP))
    move(node, "moved while active")
    member.close()
    until("an empty group", lambda: state(node, GROUP) == STATES.EMPTY)
    groups(node)
    describe(node, GROUP)
    move(node, "moved while empty")
    offsets(node)
    describe(node, "no-such-group")
    report.line(NAME, delete="empty group", outcome=delete(node, GROUP))
    report.line(NAME, delete="deleted group", outcome=delete(node, GROUP))
    groups(node)
    describe(node, GROUP)


def groups(node):
    answer = node.admin.list_consumer_groups().result(DEADLINE_SECONDS)
    seen = {each.group_id: f"{each.state.name}/{each.type.name}" for each in answer.valid}
    report.line(NAME, groups=seen, errors=len(answer.errors))
    for state_asked in (STATES.STABLE, STATES.EMPTY, STATES.DEAD):
        report.line(NAME, of_state=state_asked.name, groups=listed(node, {state_asked}))


def all_empty(node):
    answer = node.admin.list_consumer_groups().result(DEADLINE_SECONDS)
    return all(each.state == STATES.EMPTY for each in answer.valid)


def listed(node, states):
    answer = node.admin.list_consumer_groups(states=states).result(DEADLINE_SECONDS)
    return sorted(each.group_id for each in answer.valid)


def state(node, name):
    return node.admin.describe_consumer_groups([name])[name].result(DEADLINE_SECONDS).state


def describe(node, name):
    described = node.admin.describe_consumer_groups([name])[name]
    try:
        group = described.result(DEADLINE_SECONDS)
    except KafkaException as failure:
        report.line(NAME, group=name, outcome=report.error(failure.args[0]))
        return
    report.line(
        NAME,
        group=name,
        state=group.state.name,
        type=group.type.name,
        assignor=group.partition_assignor.encode(),
        simple=group.is_simple_consumer_group,
        members=len(group.members),
    )
    for member in group.members:
        owned = member.assignment.topic_partitions
        report.line(
            NAME,
            member=member.client_id,
            instance=member.group_instance_id,
            id_of_client=member.member_id.startswith(f"{member.client_id}-"),
            owned=sorted(f"{each.topic}-{each.partition}" for each in owned),
        )


def offsets(node):
    request = ConsumerGroupTopicPartitions(GROUP)
    listed = node.admin.list_consumer_group_offsets([request])[GROUP].result(DEADLINE_SECONDS)
    seen = {f"{each.topic}-{each.partition}": each.offset for each in listed.topic_partitions}
    report.line(NAME, offsets=seen)


def move(node, step):
    target = TopicPartition(GROUP, 0, 1)
    request = ConsumerGroupTopicPartitions(GROUP, [target])
    moved = node.admin.alter_consumer_group_offsets([request])[GROUP]
    try:
        partitions = moved.result(DEADLINE_SECONDS).topic_partitions
    except KafkaException as failure:
        report.line(NAME, step=step, outcome=report.error(failure.args[0]))
        return
    errors = [report.error(each.error) if each.error else "ok" for each in partitions]
    report.line(NAME, step=step, outcome=errors)


def delete(node, name):
    return report.outcome(node.admin.delete_consumer_groups([name])[name])
