"""The drivers' errors, translated into ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import ConnectionFailure, PyMongoError

from aftersales.values.errors import Conflict, Unavailable

_DUPLICATE_KEY, _WRITE_CONFLICT = 11000, 112
_PASSING = {6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 134, 50, 239, 246}
"""Server codes of a node that is starting, stopping or no longer primary, or of an expired time or snapshot."""


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the drivers' errors as `Conflict` or `Unavailable`; any other driver error is a bug."""
    try:
        yield
    except ConnectionFailure as error:
        raise Unavailable("mongodb", f"{_tls_setting(str(error))}{error}"[:300]) from error
    except PyMongoError as error:
        code = getattr(error, "code", None)
        if code == _WRITE_CONFLICT:
            raise Conflict("write_conflict") from error
        if code == _DUPLICATE_KEY:
            raise Conflict("duplicate_key", str(error)[:200]) from error
        if is_passing(error):
            raise Unavailable("mongodb", str(error)[:200]) from error
        raise


def _tls_setting(words: str) -> str:
    """Return the options of the setting that a refused certificate is about."""
    return "AFTERSALES_MONGO_URL, tlsCAFile or host: " if "certificate verify failed" in words else ""


def is_passing(error: PyMongoError) -> bool:
    """Return whether the replica set elects, steps down or shuts down."""
    labels = ("TransientTransactionError", "UnknownTransactionCommitResult", "RetryableWriteError")
    return any(error.has_error_label(label) for label in labels) or getattr(error, "code", None) in _PASSING
