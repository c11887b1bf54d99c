"""docs/conformance.md is what the cases say."""

from __future__ import annotations

from conformance_page import FRAMEWORKS, NOTES, PAGE, page

from fallline.rules import RULES


def test_the_page_is_the_generated_one() -> None:
    """The committed page is what `python tests/reference/conformance_page.py` writes."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_rule_and_framework_has_a_cell() -> None:
    """Each rule has a line with a word on each framework, and every note is about a pair that there is."""
    text = page()
    for rule in RULES:
        line = next(line for line in text.splitlines() if line.startswith(f"| `{rule}` |"))
        assert len([cell for cell in line.strip("|").split("|") if cell.strip()]) == 1 + len(FRAMEWORKS)
    assert all(rule in RULES and framework in FRAMEWORKS for rule, framework in NOTES)
