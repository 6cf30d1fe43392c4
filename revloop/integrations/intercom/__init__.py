"""Intercom: conversations with customers by REST answers and webhooks."""
