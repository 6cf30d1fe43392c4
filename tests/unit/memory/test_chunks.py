"""Every word of a text is in a chunk, in order; chunks are short, and end where sentences do."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from revloop.memory.chunks import OVERLAP, WORDS, chunks

WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=8)
TEXT = st.lists(st.tuples(WORD, st.sampled_from([" ", " ", " ", ". ", "\n", "\n\n"])), max_size=700).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


@given(TEXT)
def test_no_word_is_lost_and_no_chunk_too_long(text: str) -> None:
    spans = chunks(text)
    pieces = [text[span.begin : span.end] for span in spans]
    assert all(1 <= len(piece.split()) <= WORDS for piece in pieces)
    covered = [False] * len(text)
    for span in spans:
        covered[span.begin : span.end] = [True] * (span.end - span.begin)
    assert all(covered[place] or sign.isspace() for place, sign in enumerate(text))
    for one, two in pairwise(spans):
        assert one.begin < two.begin
        assert one.end < two.end
        assert len(text[two.begin : one.end].split()) <= OVERLAP


def test_paragraphs_stay_whole_and_what_goes_on_repeats_a_little() -> None:
    paragraphs = [f"Part {number} begins. " + "word " * 50 + "it ends." for number in range(5)]
    texts = [text[span.begin : span.end] for text in ["\n\n".join(paragraphs)] for span in chunks(text)]
    assert texts == ["\n\n".join(paragraphs[:2]), "\n\n".join(paragraphs[2:4]), paragraphs[4]]
    short = "\n\n".join(f"{'word ' * 24}ends {number}." for number in range(8))
    first, second = (short[span.begin : span.end] for span in chunks(short))
    assert first.endswith("ends 4.")
    assert second.startswith("word")
    assert "ends 4." in second


def test_long_paragraphs_break_at_sentences_and_long_sentences_at_words() -> None:
    text = "One two three. " * 100
    assert all(text[span.begin : span.end].endswith("three.") for span in chunks(text))
    endless = "word " * 400
    assert [len(endless[span.begin : span.end].split()) for span in chunks(endless)] == [150, 150, 100]


def test_nothing_has_no_chunks() -> None:
    assert chunks("") == chunks(" \n\n ") == ()
