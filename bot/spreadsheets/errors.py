"""What is raised where a file cannot be read."""

from bot.domain.customers.uploads import Trouble


class Unreadable(Exception):
    """A file cannot be read; says why."""

    def __init__(self, why: Trouble) -> None:
        super().__init__(why)
        self.why = why
