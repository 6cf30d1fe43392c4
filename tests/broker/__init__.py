"""A real broker: what it keeps, what it refuses, and how it is told from another."""
