"""Logging for tests: structlog's default without Rich's tracebacks, which take a third of a second each."""

import structlog


def plain_logs() -> None:
    """Configure structlog for tests."""
    structlog.reset_defaults()
    *processors, _ = structlog.get_config()["processors"]
    structlog.configure(
        [
            *processors,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )
