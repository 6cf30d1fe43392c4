"""A person and a command come in, a signed assertion for that one command goes out; any other use of it is refused.

Whoever verifies it has no clock of its own: the moment of receipt is compared with the times in the token.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from hashlib import sha256

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from revloop.contracts.failures import Reject, RevloopError
from revloop.contracts.generated.events import Command
from revloop.contracts.ids import content_hash

ISSUER = "revloop"
ALGORITHM = "EdDSA"
CLAIMS = ["iss", "sub", "principal", "tenant", "roles", "cmd", "iat", "exp"]
SECOND_MS = 1000


class BadKey(RevloopError):
    """A public key that cannot be used; the message says what was expected."""


class Principal(StrEnum):
    """What kind of somebody gives an order."""

    PERSON = "person"
    AGENT = "agent"


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """Who ordered, as the issuer vouches."""

    subject: str
    principal: Principal
    tenant_id: str
    roles: tuple[str, ...]


class _Token(msgspec.Struct, frozen=True, kw_only=True):
    iss: str
    sub: str
    principal: Principal
    tenant: str
    roles: tuple[str, ...]
    cmd: str
    iat: int
    exp: int


class TrustedKeys:
    """Public keys of the issuers that are believed, by key id."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {key_id(key): key for key in keys}

    @classmethod
    def from_pem(cls, *texts: bytes) -> "TrustedKeys":
        """Ed25519 public keys in PEM; raises BadKey."""
        return cls(_public_key(text) for text in texts)

    def find(self, name: str) -> Ed25519PublicKey | None:
        """The key called ``name``, if it is trusted."""
        return self._keys.get(name)


def key_id(key: Ed25519PublicKey) -> str:
    """Name of ``key``: the beginning of its sha256."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


def command_hash(command: Command) -> str:
    """sha256 (hex) of everything in ``command`` but the assertion itself."""
    return content_hash(msgspec.structs.replace(command, assertion=""))


def mint(
    private_key: Ed25519PrivateKey,
    *,
    subject: str,
    tenant_id: str,
    roles: Sequence[str],
    command_hash: str,
    issued_at_ms: int,
    expires_at_ms: int,
    principal: Principal = Principal.PERSON,
) -> str:
    """A signed token (JWT, EdDSA) that is good for one command; its times are whole seconds."""
    claims = {
        "iss": ISSUER,
        "sub": subject,
        "principal": principal.value,
        "tenant": tenant_id,
        "roles": list(roles),
        "cmd": command_hash,
        "iat": issued_at_ms // SECOND_MS,
        "exp": expires_at_ms // SECOND_MS,
    }
    return jwt.encode(
        claims,
        private_key,
        algorithm=ALGORITHM,
        headers={"kid": key_id(private_key.public_key())},
    )


def verify(assertion: str, keys: TrustedKeys, *, now_ms: int, command_hash: str) -> Claims:
    """Who gave the command; raises Reject with ``bad_signature``, ``expired`` or ``wrong_command``."""
    token = _signed(assertion, keys)
    if now_ms >= token.exp * SECOND_MS:
        raise Reject("expired", "The assertion has run out: sign in and order again.")
    if now_ms < token.iat * SECOND_MS:
        raise Reject(
            "expired",
            "The assertion is not valid yet: compare the clocks of issuer and console.",
        )
    if token.cmd != command_hash:
        raise Reject("wrong_command", "The assertion was given for another command: order again.")
    return Claims(subject=token.sub, principal=token.principal, tenant_id=token.tenant, roles=token.roles)


def _signed(assertion: str, keys: TrustedKeys) -> _Token:
    try:
        key = keys.find(str(jwt.get_unverified_header(assertion).get("kid")))
        if key is None:
            raise Reject(
                "bad_signature",
                "No trusted issuer signed the assertion: sign in and order again.",
            )
        claims = jwt.decode(
            assertion,
            key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"require": CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        return msgspec.convert(claims, _Token)
    except (jwt.PyJWTError, msgspec.ValidationError) as error:
        raise Reject(
            "bad_signature",
            f"The assertion proves nothing ({error}): sign in and order again.",
        ) from error


def _public_key(text: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(f"No public key in PEM: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey("The issuer's public key must be an Ed25519 key.")
    return key
