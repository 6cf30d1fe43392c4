"""Orchestrator: carries proposals through approval to orders, and closes them with their outcomes."""
