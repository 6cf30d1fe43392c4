"""Ingest: takes deliveries in, keeps them verbatim, and resolves their items to accounts."""
