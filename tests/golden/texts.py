"""Texts in two dozen scripts, made of a table and of noise, so that they need no storage; `texts.ts` is the same."""

import json
from collections.abc import Iterator
from pathlib import Path

from noise import noise

TABLE = json.loads((Path(__file__).parent / "texts.json").read_text())
SCRIPTS = list(TABLE["scripts"].values())


def texts(count: int, first: int = 0) -> list[str]:
    return [text(5_000_000 + first + number) for number in range(count)]


def text(seed: int) -> str:
    """Up to six pieces: words of a script, numbers, punctuation, emoji, what tokenizers treat specially, odd spaces."""
    draws = iter(noise(seed, 200).tolist())
    script = pick(SCRIPTS, draws)
    result = pick([" ", "", "", "", *TABLE["spaces"][:2]], draws)
    for _ in range(1 + next(draws) % 6):
        result += piece(script, draws) + separator(draws)
    return result


def piece(script: list, draws: Iterator[int]) -> str:
    kind = next(draws) % 16
    if kind < 7:
        return word(script, draws)
    if kind < 10:
        return pick(TABLE["words"], draws)
    if kind == 10:
        return str(next(draws) % 10 ** (1 + next(draws) % 6))
    if kind == 11:
        return "".join(pick(TABLE["punctuation"], draws) for _ in range(1 + next(draws) % 3))
    if kind == 12:
        return pick(TABLE["emoji"], draws)
    if kind == 13:
        return pick(TABLE["specials"], draws)
    if kind == 14:
        return word(script, draws) + pick(TABLE["marks"], draws)
    return word(pick(SCRIPTS, draws), draws)


def word(script: list, draws: Iterator[int]) -> str:
    return "".join(letter(pick(script, draws), draws) for _ in range(1 + next(draws) % 7))


def letter(between: list[int], draws: Iterator[int]) -> str:
    first, last = between
    return chr(first + next(draws) % (last - first + 1))


def separator(draws: Iterator[int]) -> str:
    kind = next(draws) % 8
    return " " if kind < 5 else "" if kind == 5 else "  " if kind == 6 else pick(TABLE["spaces"], draws)


def pick(choices, draws: Iterator[int]):
    return choices[next(draws) % len(choices)]
