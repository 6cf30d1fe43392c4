"""Salesforce: what its deliveries say (normalise), and reading and writing its records over REST (client)."""
