"""``python -m revloop.cli.reference [--check]``: writes the reference pages, or says which are stale."""

import argparse
import sys
from pathlib import Path

from revloop.cli.reference.fields import Undescribed
from revloop.cli.reference.pages import pages, stale

ROOT = Path(__file__).resolve().parents[3]


def main(root: Path = ROOT) -> int:
    """Write the pages; with ``--check`` only compare."""
    parser = argparse.ArgumentParser(prog="python -m revloop.cli.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a page is stale")
    check = parser.parse_args().check
    try:
        wanted = pages()
    except Undescribed as error:
        print(error, file=sys.stderr)
        return 2
    found = stale(root, wanted)
    for path in found:
        if check:
            print(f"stale: {path}: run make gen", file=sys.stderr)
        else:
            (root / path).write_text(wanted[path])
            print(f"wrote {path}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
