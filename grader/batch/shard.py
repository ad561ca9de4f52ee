"""`--shard i/N`: one of N parts of a class, the same one wherever and in whichever order files are found."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageProblem
from .store import Pending

MOST = 10_000


@dataclass(frozen=True)
class Shard:
    number: int  # from 1
    of: int

    def holds(self, pending: Pending) -> bool:
        """Equal answers are in the same part, so that they are graded once."""
        digest = hashlib.sha256(f"{pending.exercise}\n{pending.sha}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def parse_shard(text: str, seed: int | None, out: Path) -> Shard:
    """`3/8`, the third of eight parts. Raises UsageProblem."""
    found = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]) <= MOST:
        raise UsageProblem(f"--shard {text}: it is I/N with I from 1 to N, --shard 3/8 say.")
    if seed is None and not out.exists():
        raise UsageProblem("--shard needs --seed, the same for all parts: one class has one seed.")
    return Shard(int(found[1]), int(found[2]))
