"""Zendesk: a support desk by incremental exports."""
