"""Links to files in Slack that stand among pasted customer ids; knows not what is in the files."""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import FormInput

TO_FILE: Final = re.compile(
    r"<?https://[\w.-]+\.slack\.com/(?:files/[UW]\w+/|files-pri/T\w+-)(?P<id>F[A-Z0-9]{2,20})(?!\w)"
    r"(?:/(?:download/)?(?P<name>[^\s<>|,;?#/]*))?[^\s<>|,;]*(?:\|[^<>\n]*)?>?"
)
"""A file's own link, and the address it is fetched from, as people and Slack write them: `<https://…|what it is called>`."""


def with_links_as_files(form_input: FormInput) -> FormInput:
    """Put the files that were linked among the ids to those that were put in, each once; the ids stay.

    >>> with_links_as_files(FormInput(customers="a1 https://shop.slack.com/files/U1/F02/vip%20list.csv")).files
    (Upload(id='F02', name='vip list.csv', column=None),)
    """
    linked = {
        FileId(found["id"]): Upload(FileId(found["id"]), _name(found))
        for found in TO_FILE.finditer(form_input.customers)
    }
    if not linked:
        return form_input
    known = {file.id for file in form_input.files}
    files = (*form_input.files, *(file for id_, file in linked.items() if id_ not in known))
    return replace(form_input, customers=TO_FILE.sub("\n", form_input.customers).strip("\n"), files=files)


def _name(found: re.Match[str]) -> str:
    return unquote(found["name"] or "") or found["id"]
