"""A large run for reports: many responses, criteria, quotes, reasons and texts."""

import json
import random
from pathlib import Path

CRITERIA = 20
_PER_PROMPT = 8
_TEXT = """
the a to of and patient dose fever child drink water doctor night morning warm
cool breathing rash neck stiff wake sleep weight syringe package hours urgent
call help calm paracetamol ibuprofen comfort temperature thermometer eight
five days appetite fluids mouth tears urine play behaviour worry examine
seizure limp glass press spot vaccine infection virus antibiotic cough throat
ear pain relief
"""
_WORDS = _TEXT.split()


def write_large_run(folder: Path, responses: int, *, missing: float = 0.03) -> None:
    """Write ``big.rub``, ``responses.jsonl`` and ``verdicts.jsonl`` into a folder.

    The verdicts lack about the share ``missing``; some quotes are in no response.
    """
    rng = random.Random(7)  # noqa: S311 - a test's data, the same each time
    lines = ["rubric big", "title: A large run"]
    lines += [
        f"[{1 + number % 3}] {name}: Tells the {word} about point {number}."
        for number, (name, word) in enumerate(zip(_names(), _WORDS[5:], strict=False))
    ]
    (folder / "big.rub").write_text("\n".join(lines) + "\n", "utf-8")
    hardness = [rng.random() for _ in range(CRITERIA)]
    with (
        (folder / "responses.jsonl").open("w", encoding="utf-8") as texts,
        (folder / "verdicts.jsonl").open("w", encoding="utf-8") as verdicts,
        (folder / "gold.jsonl").open("w", encoding="utf-8") as golds,
    ):
        for number in range(responses):
            ids = {
                "prompt_id": f"prompt-{number // _PER_PROMPT:04}",
                "response_id": f"model-{number % _PER_PROMPT}",
            }
            skill = rng.random()
            sentences = [_sentence(rng) for _ in range(12)]
            row = {**ids, "response": " ".join(sentences), "source": "a model"}
            texts.write(json.dumps(row) + "\n")
            golds.write(json.dumps({**ids, "gold": skill + rng.gauss(0, 0.1)}) + "\n")
            for name, hard in zip(_names(), hardness, strict=True):
                if rng.random() < missing:
                    continue
                met = skill + rng.gauss(0, 0.25) > hard
                is_kept = rng.random() < 0.95
                quote = rng.choice(sentences) if is_kept else _sentence(rng)
                verdict = {
                    **ids,
                    "criterion": name,
                    "verdict": "yes" if met else "no",
                    "probability": round(
                        0.5 + (0.5 if met else -0.5) * rng.random(), 3
                    ),
                    "evidence": quote if met else None,
                    "reason": _sentence(rng),
                }
                verdicts.write(json.dumps(verdict) + "\n")


def _names() -> list[str]:
    return [f"criterion_{number:02}" for number in range(CRITERIA)]


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(8, 16))).capitalize() + "."
