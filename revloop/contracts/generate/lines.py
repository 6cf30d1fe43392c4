"""Lines of Python under construction: depth of indentation and fresh names."""


class Lines:
    """Collects source lines; ``fresh`` gives names that nothing else in the function has."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._names = 0

    def add(self, depth: int, *lines: str) -> None:
        """Append lines, each indented ``depth`` levels."""
        self._lines += ["    " * depth + line for line in lines]

    def fresh(self) -> str:
        """A new local name."""
        self._names += 1
        return f"t{self._names}"

    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines)
