"""One file a kind; adding one here is all it takes."""
