"""A tenant comes in, the name of a folder that no other tenant has goes out."""

from hashlib import sha256
from urllib.parse import quote


def folder_name(tenant_id: str) -> str:
    """Readable, and told apart by its hash where the file system does not tell ``A`` from ``a``."""
    return f"{quote(tenant_id, safe='')[:64]}-{sha256(tenant_id.encode()).hexdigest()[:16]}"
