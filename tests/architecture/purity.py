"""Python source in; each touch of clock, chance, I/O, environment, logging or concurrency in it comes out as a line."""

import ast
from collections.abc import Iterator

FORBIDDEN_MODULES = frozenset(
    {
        *("time", "sched", "signal"),
        *("random", "secrets", "uuid"),
        *("os", "io", "pathlib", "glob", "shutil", "tempfile", "fileinput", "mmap", "fcntl", "sqlite3", "dbm", "gzip"),
        *("socket", "socketserver", "ssl", "select", "http", "urllib", "ftplib", "smtplib", "httpx", "requests"),
        *("subprocess", "multiprocessing", "concurrent", "threading", "asyncio", "contextvars", "queue"),
        *("logging", "structlog", "warnings", "sys", "getpass", "platform", "locale"),
        *("pkgutil", "importlib", "builtins", "ctypes", "atexit"),
        "zoneinfo",  # the rules of time zones are a file of the machine
        *("faust", "mode", "confluent_kafka", "aiokafka", "rocksdict", "boto3", "fastapi", "starlette"),
    }
)
PURE_PARTS = frozenset({"urllib.parse"})
"""Pure modules below an impure one."""
FORBIDDEN_CALLS = frozenset(
    {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint", "id", "hash"}
)
"""``id`` and ``hash`` among them: both differ from run to run."""
CLOCKS = frozenset({"now", "utcnow", "today"})
CLOCK_OWNERS = frozenset({"datetime", "date"})
ZONE_ARGUMENTS = {"astimezone": 1, "fromtimestamp": 2}
"""With fewer arguments these take the time zone of the machine."""
FORBIDDEN_METHODS = frozenset(
    {
        *CLOCKS,
        *("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "rglob", "unlink", "mkdir"),
    }
)


def impurities(source: str) -> list[str]:
    """``line N: what`` for each impure import or call, in the order of the source."""
    return [f"line {line}: {what}" for line, what in sorted(set(_found(ast.parse(source))))]


def _found(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, f"imports {alias.name}") for alias in names if _impure(alias.name))
            case ast.ImportFrom(module=str(module), names=names, level=0):
                if any(_impure(f"{module}.{alias.name}") for alias in names):
                    yield node.lineno, f"imports {module}"
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                yield node.lineno, f"calls {name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in FORBIDDEN_METHODS:
                yield node.lineno, f"calls .{name}()"
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name) if (
                owner in CLOCK_OWNERS and name in CLOCKS
            ):
                yield node.lineno, f"calls .{name}()"  # or hands it to somebody who will
            case ast.Call(func=ast.Attribute(attr=name), args=arguments, keywords=[]) if len(
                arguments
            ) < ZONE_ARGUMENTS.get(name, 0):
                yield node.lineno, f"calls .{name}() in the machine's time zone"
            case ast.AsyncFunctionDef(name=name):
                yield node.lineno, f"{name} is async"


def _impure(name: str) -> bool:
    pure = any(name == part or name.startswith(f"{part}.") for part in PURE_PARTS)
    return not pure and name.split(".")[0] in FORBIDDEN_MODULES
