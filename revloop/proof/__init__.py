"""The proof format: RFC 6962 trees in C2SP tlog-tiles form with signed checkpoints, its writer and its own verifier."""
