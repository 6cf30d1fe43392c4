"""Ledger: writes facts into each tenant's Merkle log and answers with their index."""
