"""Ledger entries come in; the bytes of their leaves go out, with the payload behind a salted hash."""
