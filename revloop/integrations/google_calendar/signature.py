"""Google signs nothing: it sends back the token that was given when the channel was made."""

from revloop.integrations.signature import Push, Signature, header_fault

HEADER = "x-goog-channel-token"


def _fault(secret: str, push: Push) -> str:
    """The token is the secret itself; there is no body to cover."""
    return header_fault(push, HEADER, secret)


SIGNATURE = Signature(fault=_fault)
