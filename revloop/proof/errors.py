"""Every way in which the proof library refuses; each message says what is wrong and what to do."""


class ProofError(Exception):
    """Root of all refusals of this library."""


class EntryTooLarge(ProofError, ValueError):
    """An entry that no bundle can hold; nothing was written."""


class BadTile(ProofError, ValueError):
    """Bytes that are no tile or no entry bundle of the expected width."""


class BadNote(ProofError, ValueError):
    """Bytes that are no note, checkpoint or key in their one canonical form, or a signature that does not hold."""


class BadProof(ProofError, ValueError):
    """A proof that is malformed or does not lead to the root."""


class Contradiction(ProofError):
    """Other bytes are at this index already: the log is left as it is."""


class Gap(ProofError):
    """Entries that do not follow the last one: the log has no gaps."""


class Damaged(ProofError):
    """The folder does not hold what its checkpoint says, or a write broke off: nothing more is signed."""


class Occupied(ProofError):
    """Another writer has the log open."""
