"""The situation of one account comes in; one of five outcomes goes out, with the basis it can be derived from again."""
