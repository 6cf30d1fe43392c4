"""Rows of the read model come in; the views that people and programs read go out."""
