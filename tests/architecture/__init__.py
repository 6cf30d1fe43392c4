"""Rules about the shape of the code, held by tests."""
