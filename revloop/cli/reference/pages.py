"""Each reference page and its text; and which of them in a work tree do not say what the code says."""

from pathlib import Path

from revloop.cli.reference.metrics import metrics_page
from revloop.cli.reference.profiles import profiles_page
from revloop.cli.reference.settings import settings_page
from revloop.cli.reference.signals import signals_page

DOCS = Path("docs/generated")


def pages() -> dict[Path, str]:
    """Each reference page below the repository and its text; raises Undescribed."""
    return {
        DOCS / "settings.md": settings_page(),
        DOCS / "metrics.md": metrics_page(),
        DOCS / "profiles.md": profiles_page(),
        DOCS / "signals.md": signals_page(),
    }


def stale(root: Path, wanted: dict[Path, str]) -> list[Path]:
    """Pages below ``root`` that are not what they should be."""
    return [path for path, text in wanted.items() if not (root / path).is_file() or (root / path).read_text() != text]
