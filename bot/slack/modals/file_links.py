"""Finds links to files in Slack among pasted customer ids."""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import FormInput

FILE_LINK: Final = re.compile(
    r"<?https://[\w.-]+\.slack\.com/(?:files/[UW]\w+/|files-pri/T\w+-)(?P<id>F[A-Z0-9]{2,20})(?!\w)"
    r"(?:/(?:download/)?(?P<name>[^\s<>|,;?#/]*))?[^\s<>|,;]*(?:\|[^<>\n]*)?>?"
)
"""A file's own link or its download address, as people and Slack write them: `<https://…|name>`."""


def with_links_as_files(form_input: FormInput) -> FormInput:
    """Move the linked files from the ids to the form's files, each once.

    >>> with_links_as_files(FormInput(customers="a1 https://shop.slack.com/files/U1/F02/vip%20list.csv")).files
    (Upload(id='F02', name='vip list.csv', column=None),)
    """
    if not FILE_LINK.search(form_input.customers):
        return form_input
    files = {file.id: file for file in form_input.files}
    for link in FILE_LINK.finditer(form_input.customers):
        file = FileId(link["id"])
        name = unquote(link["name"] or "") or file
        files[file] = files.get(file) or Upload(file, name)
    return replace(
        form_input,
        customers=FILE_LINK.sub("\n", form_input.customers).strip("\n"),
        files=tuple(files.values()),
    )
