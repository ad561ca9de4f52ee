"""Answers that are alike beyond what the exercise makes alike: pairs and evidence for a person to look at, no verdict.

Compared are token streams, with names and comments, without what the stub gives. Short exercises have one textbook
answer, so likeness alone says little; what counts is what two answers share and nobody else has.
"""

import heapq
import importlib.util
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MIN_TOKENS = 25  # of one's own; less is too little to say anything
MAX_TOKENS = 4000
LIKE = 0.75  # below, pairs are not looked at
VERY_LIKE = 0.9  # from here on they are shown without further evidence, unless the whole class is as alike
RARE_SHARE = 0.03  # of the class: who has a word that so few have?
SHOWN = 40
_KEPT = 400
_CHUNK = 64
_TOKEN = re.compile(r"#[^\n]*|[^\W\d]\w*|\d[\w.]*|[^\w\s]")


@dataclass(frozen=True)
class Answer:
    """One student's answer to an exercise, as text."""

    student: str
    text: str


@dataclass(frozen=True)
class Pair:
    """Two answers (or groups of the same answer): how alike from 0 to 1, and what only they share."""

    students: tuple[tuple[str, ...], tuple[str, ...]]
    likeness: float
    shared: tuple[str, ...]
    texts: tuple[str, str] = field(repr=False)


@dataclass(frozen=True)
class Likeness:
    """What comparing the answers to one exercise gave. `median` is how alike two answers of this class usually are."""

    pairs: tuple[Pair, ...] = ()
    same: tuple[tuple[str, ...], ...] = ()  # students whose answers are equal, up to spaces and what the stub gives
    median: float | None = None
    compared: int = 0
    available: bool = True


def compare(answers: Iterable[Answer], stub: str) -> Likeness:
    """All answers to one exercise, each with each."""
    given = {line.strip() for line in stub.splitlines()}
    groups: dict[tuple[str, ...], list[Answer]] = {}
    for answer in answers:
        tokens = own_tokens(answer.text, given)
        if len(tokens) >= MIN_TOKENS:
            groups.setdefault(tokens, []).append(answer)
    same = tuple(tuple(a.student for a in g) for g in groups.values() if len(g) > 1)
    available = importlib.util.find_spec("rapidfuzz") is not None
    if not available or len(groups) < 2:
        return Likeness((), same, None, sum(map(len, groups.values())), available)
    streams = list(groups)
    found, median = _alike(streams)
    pairs = _judged(found, streams, groups, max(VERY_LIKE, (1 + median) / 2))
    return Likeness(tuple(pairs[:SHOWN]), same, median, sum(map(len, groups.values())))


def own_tokens(text: str, given: set[str]) -> tuple[str, ...]:
    """Names, numbers, signs and comments of the lines that the stub did not give."""
    lines = (line for line in text.splitlines() if line.strip() not in given)
    tokens: list[str] = []
    for line in lines:
        tokens += (t if t[0] != "#" else " ".join(t.split()) for t in _TOKEN.findall(line[:1000]))
        if len(tokens) > MAX_TOKENS:
            break
    return tuple(tokens[:MAX_TOKENS])


def _alike(streams: Sequence[tuple[str, ...]]) -> tuple[list[tuple[float, int, int]], float]:
    """The most alike pairs, best first, and the median over a sample of all pairs."""
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    letters: dict[str, str] = {}
    words = ["".join(_letter(letters, t) for t in s) for s in streams]
    best: list[tuple[float, int, int]] = []
    sample: list[float] = []
    for start in range(0, len(words), _CHUNK):
        rows = words[start : start + _CHUNK]
        table = cdist(rows, words, scorer=Indel.normalized_similarity, dtype=np.float32)
        above = np.triu(np.ones(table.shape, bool), k=start + 1)
        sample += table[above][:: max(1, above.sum() // 2000)].tolist()
        for i, j in zip(*np.nonzero(above & (table >= LIKE)), strict=True):
            entry = (float(table[i, j]), start + int(i), int(j))
            if len(best) < _KEPT:
                heapq.heappush(best, entry)
            elif entry > best[0]:
                heapq.heapreplace(best, entry)
    return sorted(best, reverse=True), float(np.median(sample)) if sample else 0.0


def _letter(letters: dict[str, str], token: str) -> str:
    """A letter of its own for each different token: strings compare faster than lists. Surrogates are left out."""
    if token not in letters:
        number = len(letters) + 1
        letters[token] = chr(number if number < 0xD800 else number + 0x800)
    return letters[token]


def _judged(
    found: list[tuple[float, int, int]],
    streams: Sequence[tuple[str, ...]],
    groups: dict[tuple[str, ...], list[Answer]],
    enough: float,
) -> list[Pair]:
    """Those worth a look: alike `enough`, or with oddities in common; most of these first."""
    students = Counter(t for s in streams for t in set(s) for _ in groups[s])
    few = max(2, round(RARE_SHARE * sum(map(len, groups.values()))))
    pairs = []
    for likeness, i, j in found:
        first, second = groups[streams[i]], groups[streams[j]]
        limit = max(few, len(first) + len(second))
        common = set(streams[i]) & set(streams[j])
        shared = sorted((t for t in common if students[t] <= limit and _telling(t)), key=lambda t: (-len(t), t))
        if likeness >= enough or len(shared) >= 3:
            names = tuple(a.student for a in first), tuple(a.student for a in second)
            pairs.append(Pair(names, likeness, tuple(shared[:12]), (first[0].text, second[0].text)))
    return sorted(pairs, key=lambda p: (len(p.shared), p.likeness), reverse=True)


def _telling(token: str) -> bool:
    """Names and comments; a sign or a single letter says nothing."""
    return len(token) >= 3 and (token[0] == "#" or token[0].isalpha() or token[0] == "_")
