"""Decisions, people's commands and outcomes come in; approvals, actions, answers and ledger entries go out."""
