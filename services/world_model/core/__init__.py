"""Signals and changed records of one account come in; its situation goes out whenever the content of it changed."""
