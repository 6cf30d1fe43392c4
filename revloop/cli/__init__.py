"""The ``revloop`` command: runs the loop on one machine and speaks with it through its HTTP API."""
