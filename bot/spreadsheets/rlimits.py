"""What the reading process may use, set by itself before it looks at a file."""

import sys


def limit(*, memory: int, seconds: int) -> None:
    """Hold this process to so many bytes of address space and seconds of a core; it writes no file, and leaves no core."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
