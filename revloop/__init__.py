"""Revloop: from records to signals, states, decisions and effects that can be proven."""
