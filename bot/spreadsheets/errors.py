"""The error of an unreadable file."""

from bot.domain.customers.uploads import FileProblem


class FileError(Exception):
    """A file cannot be read, for the reason `why`."""

    def __init__(self, why: FileProblem) -> None:
        super().__init__(why)
        self.why = why
