"""Records of one account come in; what changed, and what that signals, goes out."""
