"""An error of SQLite comes in; whether it heals by waiting goes out."""

import sqlite3

PRIMARY = 0xFF
"""Mask of a primary result code within an extended one."""
PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)
"""Failures of the machine; any other is a bug."""


def is_passing(error: sqlite3.Error) -> bool:
    """True where the same statement may succeed later."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & PRIMARY in PASSING
