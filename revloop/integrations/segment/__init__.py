"""Segment: product events as they happen."""
