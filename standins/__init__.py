"""Processes of their own that speak a vendor's real protocol on loopback, for the demo and the tests."""
