"""Settings: what is refused before a model is loaded, and what a judge then is."""

from pathlib import Path

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.options import OptionValue
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_llamacpp import chat, judge
from rubricdsl_llamacpp.launch import resolve
from tests.judging.gguf_files import ARCHITECTURE, CONTEXT
from tests.judging.gguf_files import gguf_header as header
from tests.judging.gguf_files import gguf_key as key
from tests.judging.gguf_files import gguf_text as text

pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(header(ARCHITECTURE, CONTEXT))
    return file


def settings_of(file: Path, **options: OptionValue) -> JudgeSettings:
    return JudgeSettings(backend="llamacpp", model=str(file), options=options)


@pytest.mark.parametrize("name", ["n_ctx", "parallel", "threads"])
@pytest.mark.parametrize("value", [0.0, -1.0, 1.5, 1e12, True, "many"])
def test_an_option_out_of_its_bounds_is_refused(
    file: Path, name: str, value: OptionValue
) -> None:
    for create in (judge.create, chat.create):
        with pytest.raises(RubricError) as caught:
            create(settings_of(file, **{name: value}), {})
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "D203"
        assert name in diagnostic.message


def test_a_part_of_a_model_is_none(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(
        header(key("general.type", 8, text("adapter")), ARCHITECTURE, CONTEXT)
    )
    with pytest.raises(RubricError) as caught:
        resolve(settings_of(adapter), {})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D205"
    assert "adapter" in diagnostic.message


def test_no_context_is_longer_than_the_model_was_trained_on(file: Path) -> None:
    for n_ctx, tokens in ((512.0, 512), (9999.0, 4096)):
        made = judge.create(settings_of(file, n_ctx=n_ctx, parallel=3.0), {})
        assert made.capabilities.context_tokens == tokens
        assert made.capabilities.at_once == 3


def test_another_model_under_the_same_path_is_another_judge(file: Path) -> None:
    before = resolve(settings_of(file), {})
    assert resolve(before, {}) == before
    file.write_bytes(file.read_bytes() + b"other weights")
    after = resolve(settings_of(file), {})
    assert dict(after.options) != dict(before.options)
