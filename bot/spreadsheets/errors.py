"""What is raised where a file cannot be read."""

from bot.domain.customers.uploads import FileProblem


class FileError(Exception):
    """A file cannot be read; says why."""

    def __init__(self, why: FileProblem) -> None:
        super().__init__(why)
        self.why = why
