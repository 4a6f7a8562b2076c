"""rubricdsl: say what a good LLM answer is, measure answers, sharpen the measure."""

__version__ = "0.1.0"
