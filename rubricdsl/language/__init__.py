"""Text to model and back: parsing, imports, checking, binding, printing."""
