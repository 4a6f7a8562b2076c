"""What colours rubrics elsewhere: a Pygments lexer, and a TextMate grammar."""
