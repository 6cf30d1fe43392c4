"""Executor: brings about what was ordered, once, and reports what came of it."""
