"""The form in a real browser: answered by keyboard, saved, and read back."""

import os
from pathlib import Path

import pytest

from rubricdsl.model.judgement import Question
from rubricdsl_human.answers import read_answers
from rubricdsl_human.items import Item
from rubricdsl_human.sheets import Sheet, write_sheet
from tests.report.chromium import Page, browser, executable

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(executable() is None, reason="no Chromium is on the PATH"),
]
HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=alert(1)>"


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    items = [
        Item(
            question=Question(text=f"{HOSTILE} {n}", evidence=True, may_abstain=True),
            texts={"response": f"{HOSTILE} about {n % 2}"},
        )
        for n in range(4)
    ]
    write_sheet(tmp_path, Sheet.of("ann", items, seed=0))
    (path,) = tmp_path.glob("*.html")
    return path


async def saved(page: Page, path: Path) -> bool:
    """Wait until a file is there."""
    for _ in range(100):
        if os.path.exists(path):  # noqa: ASYNC240, PTH110 - a look, and no reading
            return True
        await page.value("new Promise((done) => setTimeout(done, 50))")
    return False


async def test_it_is_answered_by_keyboard_and_saved(page_file: Path) -> None:
    folder = page_file.parent
    async with browser() as page:
        await page.open(page_file)
        await page.command(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder)
        )
        await page.value('document.querySelector("input[type=radio]").focus()')
        for key in ("1", "2", "n", "3", "1"):
            await page.press(key)
        assert await page.value(
            "document.querySelector('[role=status]').textContent"
        ) == ("4 of 4 answered")
        await page.value(
            """(() => {
              const text = document.querySelector("textarea");
              text.value = "script";
              text.dispatchEvent(new Event("input", { bubbles: true }));
              const range = document.createRange();
              range.selectNodeContents(document.querySelector(".text"));
              getSelection().removeAllRanges();
              getSelection().addRange(range);
              document.querySelector("fieldset + fieldset button").click();
            })()"""
        )
        await page.press("s")
        assert await saved(page, folder / f"{page_file.stem}.answers.jsonl")
        assert await page.value("document.title") == page_file.stem
        assert await page.value("document.querySelectorAll('img').length") == 0
        assert page.complaints == []
        assert [
            url for url in page.requests if not url.startswith(("file:", "blob:"))
        ] == []
    given = read_answers(folder).given
    assert sorted(str(one.ruling) for one in given.values()) == [
        "n/a",
        "no",
        "yes",
        "yes",
    ]
    quotes = [one.quote for one in given.values() if one.quote]
    assert "script" in quotes
    assert any(quote.startswith(HOSTILE) for quote in quotes)


async def test_it_keeps_answers_and_takes_saved_ones_up_again(page_file: Path) -> None:
    async with browser() as page:
        await page.open(page_file)
        await page.value('document.querySelector("input[type=radio]").focus()')
        await page.press("1")
        # Saved, so that nobody is asked whether to leave the page.
        await page.press("s")
        await page.reload()
        count = await page.value("document.querySelector('[role=status]').textContent")
        assert count == "1 of 4 answered"
        asked = await page.value(
            """(async () => {
              const sheet = JSON.parse(document.getElementById("sheet").textContent);
              const rows = sheet.items.map((item) => JSON.stringify(
                { id: item.id, annotator: "ann", answer: "no" }));
              rows.push("{", rows[0].replace("ann", "bob"));
              const file = new File([rows.join("\\n")], "x.jsonl");
              const chosen = new DataTransfer();
              chosen.items.add(file);
              const input = document.querySelector("input[type=file]");
              input.files = chosen.files;
              input.dispatchEvent(new Event("change"));
              await new Promise((done) => setTimeout(done, 200));
              return document.querySelector("[role=status]").textContent;
            })()"""
        )
        assert asked == "4 of 4 answered"
