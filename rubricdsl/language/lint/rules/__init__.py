"""One lint rule a module; `rubricdsl.language.lint.rule` says what it has."""
