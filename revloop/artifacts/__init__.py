"""Texts made of an account's state by template: every sentence is bound to what it rests on."""
