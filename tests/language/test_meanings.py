"""Every word of the language has a meaning, and no other word has one."""

import lark

from rubricdsl.expressions.inference import RESPONSE_NAMES
from rubricdsl.language import meanings
from rubricdsl.language.grammar import grammar_file
from rubricdsl.language.words import (
    EXPRESSION_WORDS,
    FIELD_KEYS,
    KIND_WORDS,
    MARK_WORDS,
    RULING_WORDS,
)


def test_every_field_mark_kind_and_verdict_has_a_meaning():
    assert set(meanings.FIELD_MEANINGS) == FIELD_KEYS
    assert set(meanings.MARK_MEANINGS) == MARK_WORDS
    assert set(meanings.KIND_MEANINGS) == KIND_WORDS
    assert set(meanings.VERDICT_MEANINGS) == RULING_WORDS | {"n/a", "level"}
    assert set(meanings.RESPONSE_MEANINGS) == set(RESPONSE_NAMES)
    assert set(meanings.JOINING_MEANINGS) >= EXPRESSION_WORDS


def test_every_keyword_of_the_grammar_has_a_meaning():
    grammar = lark.Lark(grammar_file().read_text("utf-8"), parser="lalr", start="start")
    literals = {
        terminal.pattern.value
        for terminal in grammar.terminals
        if isinstance(terminal.pattern, lark.lexer.PatternStr)
    }
    words = {word for word in literals if word[0].isalpha()}
    assert len(words) > 40
    tables = (
        meanings.FIELD_MEANINGS,
        meanings.MARK_MEANINGS,
        meanings.KIND_MEANINGS,
        meanings.VERDICT_MEANINGS,
        meanings.LINE_MEANINGS,
        meanings.JOINING_MEANINGS,
    )
    explained = {word for table in tables for word in table}
    assert words <= explained
    # `all` and `score` are names in the grammar, and stand for more than one thing.
    assert explained - words - FIELD_KEYS == {"score"}


def test_a_meaning_is_one_line():
    for table in (meanings.FIELD_MEANINGS, meanings.LINE_MEANINGS):
        for word, meaning in table.items():
            assert meaning.endswith("."), word
            assert "\n" not in meaning
