"""Slack's upload methods: get an address, send the content, complete the upload."""

from typing import Final

from sandbox.slack.api.call import ApiCall, ArgumentRule
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.uploads import PATH, Upload
from sandbox.slack.state.workspace import Json

LARGEST: Final = 1024**3
"""Bytes per file (files.getUploadURLExternal)."""


def get_upload_url(call: ApiCall) -> Json:
    """`files.getUploadURLExternal`: the upload address for a name and length."""
    name, length = call.text("filename"), call.text("length")
    if not name or not length.isdigit() or not 0 < int(length) <= LARGEST:
        raise SlackSays(
            "invalid_arguments",
            response_metadata={"messages": ["[ERROR] length must be above 0 and at most 1 GB"]},
        )
    upload = call.workspace.uploads.announce(name, int(length))
    return {
        "ok": True,
        "upload_url": f"{call.api_url.removesuffix('/api/')}{PATH}{upload.id}",
        "file_id": upload.id,
    }


def complete_upload(call: ApiCall) -> Json:
    """`files.completeUploadExternal`: share an upload as one message; twice is an error."""
    wanted = [(str(one.get("id")), str(one.get("title") or "")) for one in call.listing("files")]
    if not wanted:
        raise SlackSays(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: files"]}
        )
    uploads = [_sent(call, id_) for id_, _ in wanted]
    channel = call.channel_to_post_in("channel_id") if "channel_id" in call.arguments else None
    for upload, (_, title) in zip(uploads, wanted, strict=True):
        upload.title, upload.shared = title or upload.name, True
    if channel is not None:
        files = [upload.payload() for upload in uploads]
        call.workspace.post(
            channel,
            text=call.text("initial_comment", ""),
            thread_ts=call.arguments.get("thread_ts"),
            files=files,
        )
    return {"ok": True, "files": [{"id": upload.id, "title": upload.title} for upload in uploads]}


def delete(call: ApiCall) -> Json:
    """`files.delete`: delete one of the bot's own files; its message stays, and says so."""
    upload = call.workspace.uploads.files.pop(call.text("file"), None)
    if upload is None:
        raise SlackSays("file_not_found")
    call.workspace.delete_file(upload.id)
    return {"ok": True}


def _sent(call: ApiCall, id_: str) -> Upload:
    upload = call.workspace.uploads.files.get(id_)
    if upload is None or upload.content is None or upload.shared:
        raise SlackSays("file_not_found")
    return upload


METHODS: Final = {
    "files.getUploadURLExternal": ArgumentRule(get_upload_url, "files:write"),
    "files.completeUploadExternal": ArgumentRule(complete_upload, "files:write"),
    "files.delete": ArgumentRule(delete, "files:write"),
}
