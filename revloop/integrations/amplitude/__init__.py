"""Amplitude: product events by export."""
