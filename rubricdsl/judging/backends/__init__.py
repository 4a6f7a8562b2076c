"""The judge backends that come with rubricdsl."""
