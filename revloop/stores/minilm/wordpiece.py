"""Text comes in, numbers of word pieces go out, as the uncased BERT vocabulary beside this file has them."""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

VOCABULARY = Path(__file__).with_name("vocab.txt")
START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
LONGEST_WORD = 100
"""Longer words are unknown, as in the reference."""
ASCII_SIGNS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2FA1F), (0xF900, 0xFAFF))


class WordPiece:
    """The longest piece that fits, from left to right."""

    def __init__(self, path: Path = VOCABULARY) -> None:
        names = path.read_text(encoding="utf-8").splitlines()
        self._numbers: Mapping[str, int] = {name: number for number, name in enumerate(names)}
        self._cached = lru_cache(maxsize=50_000)(self._pieces)

    def numbers(self, text: str, limit: int) -> list[int]:
        """At most ``limit`` numbers, those of start and end among them."""
        found: list[int] = []
        for word in _words(text):
            found += self._cached(word)
            if len(found) >= limit - 2:
                break
        return [self._numbers[START], *found[: limit - 2], self._numbers[END]]

    def _pieces(self, word: str) -> tuple[int, ...]:
        unknown = (self._numbers[UNKNOWN],)
        if len(word) > LONGEST_WORD:
            return unknown
        pieces, begin = [], 0
        while begin < len(word):
            mark = "##" if begin else ""
            end = next((end for end in range(len(word), begin, -1) if mark + word[begin:end] in self._numbers), 0)
            if not end:
                return unknown
            pieces.append(self._numbers[mark + word[begin:end]])
            begin = end
        return tuple(pieces)


def _words(text: str) -> Iterator[str]:
    word = ""
    for sign in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(sign)
        if category == "Mn" or (category[0] == "C" and not sign.isspace()) or sign in "\0\ufffd":
            continue
        alone = category[0] == "P" or sign in ASCII_SIGNS or _is_ideograph(sign)
        if not (alone or sign.isspace()):
            word += sign
            continue
        if word:
            yield word
        if alone:
            yield sign
        word = ""
    if word:
        yield word


def _is_ideograph(sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in IDEOGRAPHS)
