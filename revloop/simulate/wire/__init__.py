"""How each vendor writes what it knows: records come in, rows and pages in that vendor's shape go out."""
