"""Schemas and topics.yaml come in; classes, codecs, topics and their documents go out, the same bytes each time."""
