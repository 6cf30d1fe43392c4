"""Decision: turns the situation of an account into ranked proposals, each judged by policy."""
