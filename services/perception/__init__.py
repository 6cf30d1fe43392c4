"""Perception: compares each record with the last one and says what changed, as signals."""
