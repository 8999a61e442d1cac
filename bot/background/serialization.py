"""What the durable engine stores: JSON, so that nobody who writes its tables runs code in the bot.

Versions up to 0.1.0 stored pickles, and the engine unpickles a row that says it is one, whatever its
serializer. So pickles are read as plain data: a class or a function in one is refused. The rows of those
versions hold nothing else, and those of this version none at all.
"""

import base64
import io
import pickle
from typing import Any, Final

from dbos._serialization import DBOSPortableJSON, DefaultSerializer

JSON: Final = DBOSPortableJSON
"""The engine's own JSON, which the version before can read too."""


class PlainDataUnpickler(pickle.Unpickler):
    """Reads a pickle of texts, numbers, lists and mappings."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse everything that can run code: a pickle has to find it first."""
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def _read(_serializer: DefaultSerializer, serialized_data: str) -> Any:
    return PlainDataUnpickler(io.BytesIO(base64.b64decode(serialized_data))).load()


def refuse_code() -> None:
    """Let this process's engine, and its clients, read pickles as plain data only."""
    DefaultSerializer.deserialize = _read  # type: ignore[method-assign,assignment]
