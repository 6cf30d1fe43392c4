"""Deliveries come in; each account's records, their fate and what waits for a link go out."""
