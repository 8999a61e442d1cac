"""The error of an unreadable file."""

from bot.domain.customers.uploads import FileProblem, Upload


class FileError(Exception):
    """A file cannot be read, for the reason `why`; of several files, `upload` is the one, if it is known."""

    def __init__(self, why: FileProblem, upload: Upload | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.upload = upload
