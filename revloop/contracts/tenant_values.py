"""Names of figures over all accounts of a tenant: ingest tells them, and perception compares accounts with them."""

CLOSED_CYCLE_P90_DAYS = "closed_cycle_p90_days"
"""Whole days that nine in ten closed deals did not exceed."""
