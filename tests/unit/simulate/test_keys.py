"""Ids look as each vendor's do, and are the same for the same name."""

import re

from revloop.simulate import keys


def checksum(short: str) -> str:
    """The three characters after fifteen, counted here bit by bit."""
    found = ""
    for begin in (0, 5, 10):
        bits = "".join("1" if char.isupper() else "0" for char in short[begin : begin + 5])[::-1]
        found += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[int(bits, 2)]
    return found


def test_salesforce_ids_end_with_a_checksum() -> None:
    assert checksum("001D000000IqhSL") == "IAZ"  # a pair that the vendor's documentation shows
    for number in range(50):
        found = keys.salesforce_id("006", "deal", number)
        assert len(found) == 18
        assert found.startswith("006")
        assert found[15:] == checksum(found[:15])


def test_the_same_name_gives_the_same_id() -> None:
    assert keys.salesforce_id("001", 1, 2) == keys.salesforce_id("001", 1, 2)
    assert keys.salesforce_id("001", 1, 2) != keys.salesforce_id("001", 12)
    assert keys.number(8, "a") == keys.number(8, "a")


def test_forms() -> None:
    assert len(str(keys.number(11, "x"))) == 11
    assert re.fullmatch(r"cus_[0-9a-f]{24}", keys.stripe_id("cus", "x"))
    assert re.fullmatch(r"[0-9a-v]{26}", keys.event_id("x"))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", keys.message_id("x"))
