"""Python source in; each way out of it to clock, chance, I/O, environment, logging or concurrency comes out as a line.

A module is pure when it is listed here. Of what is no module, the names that lead out are listed, and they count
wherever they are mentioned: a clock that is handed on is read by somebody. What no list of names can tell is not told:
a time without a zone that is asked for its seconds, the order of a set, the address in a repr.
"""

import ast
import sys
from collections.abc import Iterator

OURS = frozenset({"revloop", "services", "standins"})
"""Which of these pure code may import is said by the import rules; what it does import is looked at as well."""
PURE_MODULES = frozenset(
    {
        *("base64", "binascii", "hashlib", "hmac", "json", "re", "struct", "urllib.parse", "zlib"),
        *("bisect", "collections", "dataclasses", "datetime", "enum", "functools", "heapq", "math", "typing"),
        *("cedarpy", "jwt", "msgspec", "pydantic", "yaml"),
        *("cryptography.exceptions", "cryptography.hazmat.primitives"),
    }
)
"""With all that is below them. A module that is not here has to be looked at before it is: what does it read?"""

LEADING_OUT = frozenset(
    {
        *("open", "input", "print", "breakpoint", "help"),
        *("exec", "eval", "compile", "__import__", "__builtins__", "__loader__", "__spec__", "__file__"),
        *("globals", "locals", "vars"),  # whatever the module, or its caller, can reach
        *("id", "hash"),  # both differ from run to run
    }
)
"""Built-in names. As a field of a class or of a call they are words like any other."""
ATTRIBUTES = frozenset(
    {
        # clocks
        *("now", "utcnow", "today", "monotonic", "monotonic_ns", "time_ns", "perf_counter", "perf_counter_ns"),
        *("process_time", "thread_time", "localtime", "gmtime", "sleep"),
        # chance
        *("generate", "generate_private_key", "generate_key", "urandom", "getrandom", "getrandbits", "randbytes"),
        *("randint", "SystemRandom", "token_bytes", "token_hex", "samples", "uuid1", "uuid4"),
        # files
        *("open", "fdopen", "read_text", "read_bytes", "write_text", "write_bytes", "exists", "is_file", "is_dir"),
        *("stat", "lstat", "touch", "rename", "unlink", "mkdir", "rmdir", "iterdir", "glob", "rglob", "symlink_to"),
        *("hardlink_to", "chmod", "samefile", "cwd", "expanduser", "FilePath", "DirectoryPath", "NewPath"),
        # environment, network, processes
        *("environ", "getenv", "putenv", "argv", "stdin", "stdout", "stderr", "socket", "urlopen", "PyJWKClient"),
        *("Popen", "fork", "execv"),
        # pydantic's types that look at the clock
        *("PastDate", "PastDatetime", "FutureDate", "FutureDatetime"),
        # everything, by a detour
        *("__builtins__", "__globals__", "__dict__", "__getattribute__", "__subclasses__", "f_globals", "modules"),
        *("__import__", "import_module", "find_spec"),
    }
)
"""Attributes of anything: of a module, a path, a clock or a key that somebody hands in."""
OWN_WORDS = frozenset(
    {
        "case.now",  # the moment of the decision, which came with its cause
        # signals that are open, in a state
        *("known.open", "memory.open", "r.open", "self.open", "work.open"),
    }
)
"""Fields of ours with such a name. They hold values: whoever calls one is found all the same."""
OWN_TIME = ("'verify_exp': False", "'verify_iat': False", "'verify_nbf': False")
"""Without these jwt compares a token's times with the machine's clock."""
ZONE_ARGUMENTS = {"astimezone": 1, "fromtimestamp": 2}
"""With fewer arguments these take the time zone of the machine."""


def impurities(source: str) -> list[str]:
    """``line N: what`` for each way out, in the order of the source."""
    tree = ast.parse(source)
    found = {*_imports(tree), *_names(tree), *_attributes(tree), *_calls(tree), *_coroutines(tree)}
    return [f"line {line}: {what}" for line, what in sorted(found)]


def allowed_modules(source: str) -> set[str]:
    """Those of PURE_MODULES that a source imports, whole or in part."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {module for module in PURE_MODULES if any(f"{name}.".startswith(f"{module}.") for name in names)}


def own_words(source: str) -> set[str]:
    """Those of OWN_WORDS that a source uses."""
    return {text for node in ast.walk(ast.parse(source)) if (text := _text(node)) in OWN_WORDS}


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                # ``import urllib.parse`` gives all of urllib
                told = (alias.name if alias.asname else alias.name.partition(".")[0] for alias in names)
                yield from ((node.lineno, f"imports {name}") for name in told if not _pure(name))
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    yield from ((node.lineno, what) for what in _imported(module, alias.name))


def _imported(module: str, name: str) -> Iterator[str]:
    """What ``from module import name`` brings: an impure module, or a word that leads out."""
    if not _pure(module) and not _pure(f"{module}.{name}"):
        yield f"imports {module}"
    elif not _ours(module) and (name in ATTRIBUTES or _is_foreign(name)):
        yield f"mentions .{name}"  # a module among them is one that a pure one imports for itself


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    harmless = {call.func for call in ast.walk(tree) if _asks_for_a_harmless_name(call)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name in LEADING_OUT:
                yield node.lineno, f"mentions {name}"
            case ast.Name(id="getattr") if node not in harmless:
                yield node.lineno, "mentions getattr"


def _asks_for_a_harmless_name(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return name not in ATTRIBUTES | LEADING_OUT
    return False


def _attributes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    modules = _bound_modules(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if name in ATTRIBUTES and (node in called or _text(node) not in OWN_WORDS):
                yield node.lineno, f"mentions .{name}"
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in modules and _is_foreign(name):
                yield node.lineno, f"mentions .{name}"
            case ast.MatchClass(kwd_attrs=names):
                yield from ((node.lineno, f"mentions .{name}") for name in names if name in ATTRIBUTES)


def _calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=given, keywords=[]) if len(given) < ZONE_ARGUMENTS.get(
                name, 0
            ):
                yield node.lineno, f"calls .{name}() in the machine's time zone"
            case ast.Call(func=ast.Attribute() as called) if _text(called) == "jwt.decode":
                if not all(option in ast.unparse(node) for option in OWN_TIME):
                    yield node.lineno, "calls jwt.decode() with the machine's clock"


def _coroutines(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef):
            yield node.lineno, f"{node.name} is async"


def _bound_modules(tree: ast.Module) -> set[str]:
    """Names under which modules are known in a source."""
    imports = (alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names)
    return {alias.asname or alias.name.partition(".")[0] for alias in imports}


def _text(node: ast.AST) -> str:
    """``owner.name`` of an attribute of a plain name; nothing of others."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    return ""


def _ours(module: str) -> bool:
    return module.split(".")[0] in OURS


def _pure(name: str) -> bool:
    parts = name.split(".")
    return _ours(name) or any(".".join(parts[:end]) in PURE_MODULES for end in range(1, len(parts) + 1))


def _is_foreign(name: str) -> bool:
    """Whether it is the name of a standard module that is not pure."""
    return name in sys.stdlib_module_names and not _pure(name)
