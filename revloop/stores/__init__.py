"""Ports to stores and their adapters: blobs, delivery files, the graph."""
