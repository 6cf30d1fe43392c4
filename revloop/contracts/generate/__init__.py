"""Schemas and topics.yaml come in; classes, codecs, topic constants and their documents go out, the same bytes each time."""
