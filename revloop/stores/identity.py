"""The local issuer: signs who a person is, on loopback only; a deployment uses its OIDC provider in its place."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from revloop.contracts.times import DAY_MS

ISSUER = "revloop-local"
AUDIENCE = "revloop-console"
ALGORITHM = "EdDSA"
TOKEN_LIFE_MS = 30 * DAY_MS


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A verified caller."""

    subject: str
    tenant_id: str
    roles: tuple[str, ...]


class NotSignedIn(Exception):
    """No token, or one that does not prove who calls; the message tells what to do."""


class LocalIssuer:
    """Holds the issuer's key (mode 600) and the tokens of the local people."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.key = _load_or_create(directory / "issuer.key")
        self._public: Ed25519PublicKey = self.key.public_key()

    def public_pem(self) -> bytes:
        """What others need to check this issuer's signatures."""
        return self._public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def issue(self, person: Person, now_ms: int) -> str:
        """A bearer token of ``person`` for the console's API."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": person.subject,
            "tenant": person.tenant_id,
            "roles": list(person.roles),
            "iat": now_ms // 1000,
            "exp": (now_ms + TOKEN_LIFE_MS) // 1000,
        }
        return jwt.encode(claims, self.key, algorithm=ALGORITHM)

    def verify(self, token: str) -> Person:
        """Who holds ``token``; raises NotSignedIn."""
        try:
            claims = jwt.decode(
                token,
                self._public,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "iat", "sub", "tenant", "roles"]},
            )
        except jwt.PyJWTError as error:
            raise NotSignedIn(
                f"The token is not valid ({error}): take a new one from {self._directory / 'tokens'}."
            ) from error
        return Person(subject=claims["sub"], tenant_id=claims["tenant"], roles=tuple(claims["roles"]))

    def write_tokens(self, people: Sequence[Person], now_ms: int) -> None:
        """A token file for each person at ``tokens/<tenant>/<subject>.token``, readable by the owner only."""
        for person in people:
            path = self._directory / "tokens" / person.tenant_id / f"{person.subject}.token"
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_private(path, self.issue(person, now_ms).encode())


def local_people(tenants: Sequence[str]) -> list[Person]:
    """The people a laptop knows, for each tenant: one who sells, one who manages, one who may only look."""
    roles = {"seller": ("seller", "approver"), "manager": ("manager", "approver"), "viewer": ("viewer",)}
    return [Person(subject=name, tenant_id=tenant, roles=held) for tenant in tenants for name, held in roles.items()]


def _load_or_create(path: Path) -> Ed25519PrivateKey:
    """The issuer's key; of two processes that start together one creates it and both use it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        data = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        _write_private(temporary, data)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # unlike a rename, a link never replaces a key that is there
        temporary.unlink()
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} is not an Ed25519 key: move it away and start again to get a new one")
    return key


def _write_private(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    temporary.replace(path)
