"""What tests log: as structlog does by default, but without Rich's tracebacks, each of which takes a third of a second to draw."""

import structlog


def plain_logs() -> None:
    """Log as tests do."""
    structlog.reset_defaults()
    *before, _ = structlog.get_config()["processors"]
    structlog.configure(
        [
            *before,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )
