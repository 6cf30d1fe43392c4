"""An assertion proves one person's one command for a while, and nothing else."""

import base64
import json

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Command, CommandKind
from revloop.policy.assertion import BadKey, Claims, Principal, TrustedKeys, command_hash, key_id, mint, verify

KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
KEYS = TrustedKeys([KEY.public_key()])
NOW = 1_500_000_000_000
COMMAND = Command(
    event_id="cmd_1",
    event_type=Command.EVENT_TYPE,
    tenant_id="t",
    account_id="a",
    source="console",
    trace_id="0" * 32,
    caused_by="",
    occurred_at=NOW,
    observed_at=NOW,
    command_id="c1",
    kind=CommandKind.approve,
    subject_id="apr_1",
    binding_hash="b" * 64,
    note="",
    actor="ann",
    assertion="",
    received_at=NOW,
)


def token(key: Ed25519PrivateKey = KEY, command: Command = COMMAND) -> str:
    return mint(
        key,
        subject="ann",
        tenant_id="t",
        roles=("seller", "approver"),
        command_hash=command_hash(command),
        issued_at_ms=NOW,
        expires_at_ms=NOW + 300_000,
    )


def reason(assertion: str, now_ms: int = NOW, command: Command = COMMAND) -> str:
    with pytest.raises(Reject) as refused:
        verify(assertion, KEYS, now_ms=now_ms, command_hash=command_hash(command))
    return refused.value.reason


def test_a_good_assertion_gives_its_claims() -> None:
    claims = verify(token(), KEYS, now_ms=NOW + 1, command_hash=command_hash(COMMAND))
    assert claims == Claims(subject="ann", principal=Principal.PERSON, tenant_id="t", roles=("seller", "approver"))


def test_an_agent_is_told_from_a_person() -> None:
    assertion = mint(
        KEY,
        subject="bot",
        principal=Principal.AGENT,
        tenant_id="t",
        roles=(),
        command_hash=command_hash(COMMAND),
        issued_at_ms=NOW,
        expires_at_ms=NOW + 1000,
    )
    assert verify(assertion, KEYS, now_ms=NOW, command_hash=command_hash(COMMAND)).principal is Principal.AGENT


def test_it_is_good_for_the_command_that_carries_it() -> None:
    carrying = msgspec.structs.replace(COMMAND, assertion=token())
    assert verify(carrying.assertion, KEYS, now_ms=NOW, command_hash=command_hash(carrying)).subject == "ann"


@pytest.mark.parametrize(
    "changed", ["subject_id", "binding_hash", "account_id", "tenant_id", "note", "command_id", "actor"]
)
def test_it_is_good_for_no_other_command(changed: str) -> None:
    assert reason(token(), command=msgspec.structs.replace(COMMAND, **{changed: "other"})) == "wrong_command"


@pytest.mark.parametrize(
    ("now_ms", "good"), [(NOW, True), (NOW + 299_999, True), (NOW + 300_000, False), (NOW - 1, False)]
)
def test_it_is_good_from_its_issue_until_its_end(now_ms: int, good: bool) -> None:
    if good:
        assert verify(token(), KEYS, now_ms=now_ms, command_hash=command_hash(COMMAND))
    else:
        assert reason(token(), now_ms=now_ms) == "expired"


def test_another_key_proves_nothing() -> None:
    assert reason(token(STRANGER)) == "bad_signature"


def test_another_key_under_a_trusted_name_proves_nothing() -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    forged = jwt.encode(claims, STRANGER, algorithm="EdDSA", headers={"kid": key_id(KEY.public_key())})
    assert reason(forged) == "bad_signature"


def test_a_changed_claim_breaks_the_signature() -> None:
    head, body, signature = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["roles"] = ["manager", "approver"]
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    assert reason(f"{head}.{changed}.{signature}") == "bad_signature"


def test_a_token_without_signature_or_with_a_secret_is_refused() -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    headers = {"kid": key_id(KEY.public_key())}
    assert reason(jwt.encode(claims, "", algorithm="none", headers=headers)) == "bad_signature"
    assert reason(jwt.encode(claims, "s" * 32, algorithm="HS256", headers=headers)) == "bad_signature"


@pytest.mark.parametrize("claim", ["iss", "sub", "principal", "tenant", "roles", "cmd", "iat", "exp"])
def test_every_claim_must_be_there(claim: str) -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    del claims[claim]
    headers = {"kid": key_id(KEY.public_key())}
    assert reason(jwt.encode(claims, KEY, algorithm="EdDSA", headers=headers)) == "bad_signature"


@pytest.mark.parametrize("text", ["", "a.b.c", "nothing"])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert reason(text) == "bad_signature"


def test_trusted_keys_come_in_pem_and_must_be_ed25519() -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    keys = TrustedKeys.from_pem(pem)
    assert verify(token(), keys, now_ms=NOW, command_hash=command_hash(COMMAND)).subject == "ann"
    other = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(BadKey, match="Ed25519"):
        TrustedKeys.from_pem(other)
    with pytest.raises(BadKey, match="PEM"):
        TrustedKeys.from_pem(b"nothing")
