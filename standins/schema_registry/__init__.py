"""A small schema registry on loopback: it numbers schemas by content and hands them out again."""
