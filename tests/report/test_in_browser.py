"""Reports in a real browser: what is seen and what happens, and nothing goes wrong."""

import sys
from pathlib import Path

import pytest

from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.rows import sound
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import NO, YES
from rubricdsl.report.page import Material, report
from rubricdsl.report.run_comparison import run_comparison
from tests.report.chromium import browser, executable
from tests.report.large_run import write_large_run
from tests.report.runs import card, cards, criterion, results

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(executable() is None, reason="no Chromium is on the PATH"),
]
WIDTHS = (390, 1280)
HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=alert(1)>"
# What sticks out of its window, or has text that is cut off, by its class or tag.
STICKING_OUT = """[...document.querySelectorAll("main *:not(.scroll *)")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.className || one.tagName)"""
# The least contrast of texts with what they stand on, of those that are shown.
CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d");
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const color = rgb(getComputedStyle(one).backgroundColor);
      if (color[3] === 255) return color;
    }
  };
  let least = 21;
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
    if (!own || one.closest("svg") || !one.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))];
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return least;
})()"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A page with all that a small run can have, and hostile texts in it."""
    marks = {f"r{number}": "yn?y"[number % 3 :] + "yy" for number in range(12)}
    long = "a_path_without.any_blank_in_it." * 4 + "end"
    odd = card(
        [
            criterion(long, YES, evidence=HOSTILE, reason=HOSTILE, judge=HOSTILE),
            criterion("other", NO, evidence="nowhere"),
        ],
        response_id=HOSTILE,
        prompt_id="x" * 200,
        rubric="other",
    )
    scorecards = [*cards(marks), odd]
    text = Response(text=HOSTILE * 3, prompt_id="x" * 200, response_id=HOSTILE)
    material = Material(
        runs=[results(scorecards)],
        texts={("x" * 200, HOSTILE): text},
        comparison=run_comparison(cards({"r1": "nyyy", "r2": "yyyy"}), scorecards),
    )
    file = tmp_path / "small.html"
    file.write_text(report(material), "utf-8")
    return file


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """A page of 2,000 responses by 20 criteria, with texts."""
    folder: Path = tmp_path_factory.mktemp("large")
    write_large_run(folder, 2_000)
    from rubricdsl import evaluate_sync, load

    responses = list(sound(read_responses(str(folder / "responses.jsonl"))))
    scorecards = evaluate_sync(
        load(folder / "big.rub"),
        responses,
        judge=f"scripted:{folder}/verdicts.jsonl",
        folder=folder,
    )
    texts = {(one.prompt_id, one.response_id): one for one in responses}
    page = report(Material(runs=[results(scorecards)], texts=texts))
    file = folder / "large.html"
    file.write_text(page, "utf-8")
    return file


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_runs_fetches_complains_or_sticks_out(small, width) -> None:
    async with browser() as page:
        await page.open(small, width=width)
        await page.value(
            "document.querySelectorAll('details').forEach((one) => { one.open = true })"
        )
        assert await page.value("document.documentElement.scrollWidth") == width
        assert await page.value(STICKING_OUT) == []
        assert await page.value("document.title") == "steps, other: report"
        assert await page.value("document.images.length") == 0
        assert await page.value("document.scripts.length") == 1
        shown = await page.value("document.querySelector('.text').textContent")
        assert shown == HOSTILE * 3
        picture = await page.screenshot(whole=True)
        assert picture.startswith(b"\x89PNG")
        assert page.complaints == []
        assert page.requests == [small.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_texts_stand_out_from_what_is_behind_them(small, scheme) -> None:
    async with browser() as page:
        await page.prefer(prefers_color_scheme=scheme)
        await page.open(small)
        await page.value(
            "document.querySelectorAll('details').forEach((one) => { one.open = true })"
        )
        assert await page.value(CONTRAST) >= 4.5
        background = "getComputedStyle(document.body).backgroundColor"
        assert ("252" in await page.value(background)) == (scheme == "light")


async def test_without_scripts_all_is_there_but_the_tools(small) -> None:
    async with browser(scripts=False) as page:
        await page.open(small)
        text = await page.value("document.body.innerText")
        assert "Criteria and responses" in text
        assert "12" in text
        hidden = "getComputedStyle(document.getElementById('tools')).display"
        assert await page.value(hidden) == "none"
        found = "document.querySelectorAll('.response .body').length"
        assert await page.value(found) == 13


async def test_the_keyboard_reaches_filters_and_opens(small) -> None:
    focused = (
        "document.activeElement.closest('.response')?.id ?? document.activeElement.id"
    )
    async with browser() as page:
        await page.open(small)
        await page.press("Tab")
        assert await page.value("document.activeElement.textContent") == (
            "Skip to the report"
        )
        await page.press("/")
        assert await page.value(focused) == "filter"
        for key in "r7":
            await page.press(key)
        visible = "[...document.querySelectorAll('.response:not([hidden]) .id')]"
        assert await page.value(f"{visible}.map((one) => one.textContent)") == ["r7"]
        assert await page.value("document.getElementById('shown').textContent") == (
            "1 of 13 shown"
        )
        await page.value(
            "filter.value = ''; filter.dispatchEvent(new Event('input'));"
            "document.querySelector('.response summary').focus()"
        )
        await page.press("j")
        assert await page.value(focused) == "r1"
        await page.press("k")
        assert await page.value(focused) == "r0"
        await page.press("Enter")
        assert await page.value("document.getElementById('r0').open") is True


async def test_tables_sort_and_links_open_responses(small) -> None:
    async with browser() as page:
        await page.open(small)
        sort = "document.querySelector('table.criteria thead th:nth-child(4) button')"
        column = "[...document.querySelectorAll('table.criteria')][0].tBodies[0].rows"
        values = f"[...{column}].map((row) => parseFloat(row.cells[3].textContent))"
        await page.value(f"{sort}.click()")
        rising = await page.value(values)
        assert rising == sorted(rising)
        await page.value(f"{sort}.click()")
        assert await page.value(values) == rising[::-1]
        assert await page.value(f"{sort}.parentElement.ariaSort") == "descending"
        await page.value("document.querySelector('.heat thead a').click()")
        target = await page.value("location.hash.slice(1)")
        opened = (
            "[...document.querySelectorAll('.response[open]')].map((one) => one.id)"
        )
        # The fragment is followed after the click.
        await page.value("new Promise((done) => setTimeout(done, 200))")
        assert await page.value(opened) == [target]


async def test_a_large_run_is_small_and_opens_what_is_asked_for(large) -> None:
    assert large.stat().st_size < 5_000_000
    async with browser() as page:
        seconds = await page.open(large)
        sys.stderr.write(f"2,000 responses open in {seconds:.2f} s\n")
        body = "document.querySelector('#r140 .body')"
        assert await page.value("document.querySelectorAll('.response').length") == 2000
        assert await page.value(body) is None
        await page.value(
            "new Promise((done) => { const entry = document.getElementById('r140');"
            "new MutationObserver(done).observe(entry, {childList: true});"
            "entry.open = true; })"
        )
        assert await page.value(f"{body}.querySelectorAll('tbody tr').length") == 20
        assert await page.value(f"{body}.querySelectorAll('mark').length") > 0
        text = await page.value(f"{body}.querySelector('.text').textContent")
        assert text in large.with_name("responses.jsonl").read_text("utf-8")
        assert await page.value("document.documentElement.scrollWidth") == 1280
        assert page.complaints == []


async def test_a_page_can_be_printed(small) -> None:
    async with browser() as page:
        await page.open(small)
        answer = await page.command("Page.printToPDF")
        assert answer["data"].startswith("JVBERi0")
        assert page.complaints == []
