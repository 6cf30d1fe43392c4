"""Jira: issue webhooks."""
