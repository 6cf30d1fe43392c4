"""What is true of the accounts by the rules of the signal catalogue, from the plan of the world alone.

Nothing here knows how signals are detected: rules are asked day by day, over the world's own records.
"""
