"""What rules find comes in; rows of the truth go out: what happened, what opened and what cleared, each when it did."""

from collections.abc import Iterable, Mapping

import msgspec

COLUMNS = ("tenant", "account", "signal", "entity", "at", "change", "value", "story")


class Said(msgspec.Struct, frozen=True, gc=False):
    """One change of one signal."""

    signal: str
    entity: str
    at: int
    change: str
    value: float | None


class Sayings:
    """What stands for one account, and what was said since the last time."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._standing: dict[str, dict[str, str]] = {}

    def happened(self, signal: str, entity: str, at: int, value: float | None = None) -> None:
        """An event."""
        self.said.append(Said(signal, entity, at, "happened", value))

    def holds(
        self,
        signal: str,
        holding: Mapping[str, tuple[str, float | None]],
        at: int,
        *,
        may_open: bool,
        part: str = "",
    ) -> None:
        """What holds of one state now, by episode: (entity, value). What stood and holds no more is cleared.

        ``part`` keeps apart what several rules say of one signal.
        """
        standing = self._standing.get(signal + part)
        if not standing and not (holding and may_open):
            return
        standing = self._standing.setdefault(signal + part, {})
        for episode in [one for one in standing if one not in holding]:
            self.said.append(Said(signal, standing.pop(episode), at, "cleared", None))
        if not may_open:
            return
        for episode, (entity, value) in holding.items():
            if episode not in standing:
                standing[episode] = entity
                self.said.append(Said(signal, entity, at, "opened", value))

    def lapse(self, signal: str, episodes: Iterable[str]) -> None:
        """These have stood for as long as they may: they are no longer told of, and were not cleared."""
        for episode in episodes:
            self._standing.get(signal, {}).pop(episode, None)

    def stands(self, signal: str) -> bool:
        """Whether any signal of a type is open."""
        return bool(self._standing.get(signal))
