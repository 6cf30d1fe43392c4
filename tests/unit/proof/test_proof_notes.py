"""Notes, checkpoints, keys and cosignatures have one form each; others' notes are read, other forms are refused."""

import base64

import pytest

from revloop.proof.errors import BadNote
from revloop.proof.notes import (
    Checkpoint,
    Note,
    VerifierKey,
    cosign,
    open_checkpoint,
    parse_checkpoint,
    parse_cosignature,
    parse_note,
    parse_number,
    parse_vkey,
    sign_note,
)
from revloop.proof.tlog_proof import TlogProof, parse_proof, write_proof
from tests.unit.proof.sample import ORIGIN, SIGNER, STRANGER, VKEY, WITNESS

TEXT = Checkpoint(ORIGIN, 7, bytes(32)).text
NOTE = sign_note(TEXT, SIGNER).encode()


def test_a_note_that_others_signed() -> None:
    """The example in the documentation of Go's sumdb/note."""
    key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = parse_note(
        b"If you think cryptography is the answer to your problem,\n"
        b"then you don't know what your problem is.\n\n"
        b"\xe2\x80\x94 PeterNeumann"
        b" x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    note.verify(key)
    with pytest.raises(BadNote, match="does not fit"):
        Note(note.text + "\n", note.lines).verify(key)


def test_a_checkpoint_in_full() -> None:
    zeros = base64.b64encode(bytes(32)).decode()
    assert f"{ORIGIN}\n7\n{zeros}\n" == TEXT
    assert NOTE.startswith(f"{TEXT}\n— {ORIGIN} ".encode())
    assert open_checkpoint(NOTE, SIGNER.key) == parse_checkpoint(TEXT) == Checkpoint(ORIGIN, 7, bytes(32))


def test_a_key_reads_back() -> None:
    assert parse_vkey(VKEY + "\n") == SIGNER.key
    assert parse_vkey(WITNESS.key.vkey) == WITNESS.key


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name+id",
        VKEY.replace(ORIGIN, "another"),
        VKEY[:-4],
        VKEY.replace("+A", "+a"),
        "".join(reversed(VKEY)),
        f"{ORIGIN}+00000000+{base64.b64encode(bytes([2, *range(32)])).decode()}",
    ],
)
def test_other_keys_are_refused(vkey: str) -> None:
    with pytest.raises(BadNote):
        parse_vkey(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00", "a\u200b"])
def test_names_that_no_line_can_hold(name: str) -> None:
    with pytest.raises(BadNote, match="names no key"):
        VerifierKey(name, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n07\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n٧\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n-1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n{2**63}\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(32)).decode()[:-2]}B=\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(32)).decode()}\nextension\n",
        f"\n7\n{base64.b64encode(bytes(32)).decode()}\n",
    ],
)
def test_other_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        TEXT.encode(),
        NOTE[:-1],
        NOTE + b"\n",
        NOTE.replace("—".encode(), b"-"),
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace(b"\n\n", b"\n"),
        NOTE[:-4] + b"A=\n",
        NOTE + b"\xff",
        NOTE + "— someone AAAA\n".encode(),
        NOTE + "— some+one AAAAAAA=\n".encode(),
    ],
)
def test_other_notes_are_refused(note: bytes) -> None:
    with pytest.raises(BadNote):
        parse_note(note)


def test_who_did_not_sign() -> None:
    with pytest.raises(BadNote, match=f"not signed by {STRANGER.key.name}"):
        open_checkpoint(NOTE, STRANGER.key)
    with pytest.raises(BadNote, match=r"the checkpoint is of revloop/test, the key of stranger\.example"):
        open_checkpoint(sign_note(TEXT, STRANGER).encode(), STRANGER.key)
    twice = Note(TEXT, (*parse_note(NOTE).lines, *sign_note(TEXT + "x\n", SIGNER).lines))
    with pytest.raises(BadNote, match="does not fit"):
        twice.verify(SIGNER.key)


def test_a_text_that_no_note_can_hold() -> None:
    for text in ("no end", "", "control\x07\n"):
        with pytest.raises(BadNote):
            sign_note(text, SIGNER)


def test_a_witness_signs_the_time_too() -> None:
    line = cosign(TEXT, 1_679_315_147, WITNESS)
    assert parse_cosignature(line).timestamp_s == 1_679_315_147
    note = Note(TEXT, (*parse_note(NOTE).lines, line))
    assert parse_note(note.encode()) == note
    note.verify(SIGNER.key)
    note.verify(WITNESS.key)
    later = Note(TEXT, (type(line)(line.name, line.key_id, bytes([1]) + line.data[1:]),))
    with pytest.raises(BadNote, match="does not fit"):
        later.verify(WITNESS.key)
    with pytest.raises(BadNote, match="no Ed25519 cosignature"):
        parse_cosignature(parse_note(NOTE).lines[0])


@pytest.mark.parametrize("text", ["", "00", "+1", "1_0", " 1", "1 ", "①", "1e3"])
def test_numbers_have_one_form(text: str) -> None:
    with pytest.raises(BadNote, match="plain decimal"):
        parse_number(text, "the number")


def test_a_proof_file_reads_back() -> None:
    proof = TlogProof(3, (bytes(32), b"\1" * 32), NOTE, b"extra")
    assert parse_proof(proof.encode()) == proof
    assert proof.encode().splitlines()[:3] == [b"c2sp.org/tlog-proof@v1", b"extra ZXh0cmE=", b"index 3"]
    assert write_proof(0, [], NOTE) == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + NOTE


@pytest.mark.parametrize(
    "proof",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 00\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\nYQ==\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A" * 43 + b"=\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\n\xff\n\n" + NOTE,
    ],
)
def test_other_proof_files_are_refused(proof: bytes) -> None:
    with pytest.raises(ValueError):
        parse_proof(proof)
