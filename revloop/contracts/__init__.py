"""Contracts: the events of the loop and what gives them shape; pure, and imported by everything."""
