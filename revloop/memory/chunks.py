"""A text comes in, the places of its chunks go out: whole paragraphs and sentences, as far as they fit.

A chunk has at most 150 words (about 200 tokens). Where a text goes on, the next chunk begins with the last sentences of
the one before, at most 30 words of them, so that what refers back is found with what it refers to.
"""

import re
from collections.abc import Iterator

import msgspec

WORDS = 150
OVERLAP = 30
_PARAGRAPH = re.compile(r"\S(?:.|\n(?!\s*\n))*")
_SENTENCE = re.compile(r"\S.*?(?:[.!?…]+[\"'”’)\]]*(?=\s|$)|\n(?=\s*[-*•\d])|$)", re.DOTALL)
_WORD = re.compile(r"\S+")


class Span(msgspec.Struct, frozen=True):
    """Characters from ``begin`` up to ``end``."""

    begin: int
    end: int


def chunks(text: str) -> tuple[Span, ...]:
    """In order; every word of the text is in one of them, or in two that follow each other."""
    return tuple(_packed(list(_pieces(text))))


def _packed(pieces: list[tuple[Span, int]]) -> Iterator[Span]:
    """Pieces (with their number of words) put together, as many as fit."""
    first, words = 0, 0
    for place, (_, size) in enumerate(pieces):
        if place > first and words + size > WORDS:
            yield Span(pieces[first][0].begin, pieces[place - 1][0].end)
            first, words = _back(pieces, place, size)
        words += size
    if pieces:
        yield Span(pieces[first][0].begin, pieces[-1][0].end)


def _back(pieces: list[tuple[Span, int]], place: int, size: int) -> tuple[int, int]:
    """The first piece of the chunk that goes on at ``place``, and the words that it repeats."""
    first, words = place, 0
    while first > 0 and words + pieces[first - 1][1] <= min(OVERLAP, WORDS - size):
        first -= 1
        words += pieces[first][1]
    return first, words


def _pieces(text: str) -> Iterator[tuple[Span, int]]:
    """Paragraphs that fit, else their sentences, else runs of words."""
    for paragraph in _spans(_PARAGRAPH, text, 0, len(text)):
        if (words := _count(text, paragraph)) <= WORDS // 2:
            yield paragraph, words
            continue
        for sentence in _spans(_SENTENCE, text, paragraph.begin, paragraph.end):
            yield from _runs(text, sentence)


def _runs(text: str, sentence: Span) -> Iterator[tuple[Span, int]]:
    words = list(_spans(_WORD, text, sentence.begin, sentence.end))
    for begin in range(0, len(words), WORDS):
        run = words[begin : begin + WORDS]
        yield Span(run[0].begin, run[-1].end), len(run)


def _spans(pattern: re.Pattern[str], text: str, begin: int, end: int) -> Iterator[Span]:
    return (Span(*found.span()) for found in pattern.finditer(text, begin, end))


def _count(text: str, span: Span) -> int:
    return sum(1 for _ in _spans(_WORD, text, span.begin, span.end))
