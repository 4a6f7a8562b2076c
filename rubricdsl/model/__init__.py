"""The nouns of rubricdsl: frozen classes, and nothing else."""
