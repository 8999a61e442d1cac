"""Applies an answer to one person, from an ack or a `response_url`."""

from sandbox.slack.state.errors import refuse_message
from sandbox.slack.state.tickets import ResponseUrl
from sandbox.slack.state.workspace import Json, Message, Workspace


def answer_person(workspace: Workspace, to: ResponseUrl, answer: Json) -> Message | None:
    """Show an answer to one person, in the channel, or in place of the message it is about.

    Raises:
        SlackSays: the answer breaks Slack's limits.
    """
    if answer.get("delete_original") and to.about is not None:
        workspace.delete(to.about)
        return None
    text, blocks = str(answer.get("text") or ""), answer.get("blocks") or []
    refuse_message(blocks, text, unknown=workspace.unknown_blocks)
    if answer.get("replace_original") and to.about is not None:
        workspace.edit(to.about, text=text, blocks=blocks)
        return to.about
    only_for = None if answer.get("response_type") == "in_channel" else to.person
    return workspace.post(
        to.channel, text=text, blocks=blocks, thread_ts=answer.get("thread_ts"), only_for=only_for
    )
