"""The page: what was said, what broke and what was answered, to look at instead of to read."""
