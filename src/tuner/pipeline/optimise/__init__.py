"""optimise: measure today, search, race the best against today, probe it above its load."""
