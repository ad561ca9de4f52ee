"""What a task asks of a cluster's node, and how many such tasks a node has room for."""

from dataclasses import dataclass

from ..catalog import Exercise

GIB = 1 << 30
_MEMORY = {"numpy": 1 * GIB, "torch": 3 * GIB}  # grader and candidate; a candidate may take 2 GiB at most


@dataclass(frozen=True)
class Request:
    """Cores, bytes of memory, and the share of a GPU (0.25: four tasks at once on one card)."""

    cpus: float = 1.0
    memory: int = GIB
    gpus: float = 0.0

    def __str__(self) -> str:
        words = [f"{self.cpus:g} CPU", f"{self.memory / GIB:g} GiB of memory"]
        return ", ".join([*words, f"{self.gpus:g} GPU"] if self.gpus else words)


@dataclass(frozen=True)
class Place:
    """A node of a cluster and what it has in all."""

    id: str
    name: str
    cpus: float
    memory: float
    gpus: float

    def room(self, request: Request) -> int:
        """How many tasks of this kind run there at once."""
        rooms = [self.cpus / request.cpus, self.memory / request.memory]
        if request.gpus:
            # A share is of one card, and a card has whole shares only.
            shares = int(1 / request.gpus + 1e-9) if request.gpus <= 1 else 1 / request.gpus
            rooms.append(self.gpus * shares)
        return int(min(rooms) + 1e-9)


def request_for(exercise: Exercise, gpus: float) -> Request:
    """What grading this exercise needs; `gpus` is the share of a GPU for each torch submission."""
    torch = exercise.framework == "torch"
    return Request(memory=_MEMORY["torch" if torch else "numpy"], gpus=gpus if torch else 0.0)
