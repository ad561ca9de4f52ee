"""What the submissions of a batch teach about the next one: checks whose every reply was seen before.

With one seed, what a check asks and how it judges depends on nothing but the replies that it gets. So its questions are
put to the next candidate from memory. As long as the replies are those of an earlier submission, byte by byte, the
check itself need not run: at their end stands the same record. At the first reply that is new the check does run, and
is given the replies that came already.
"""

import hashlib
from dataclasses import dataclass, field, replace
from typing import NoReturn, TypeGuard

from .candidate.proxy import CandidateDied, Exchange, LearnerError, Session, Strayed, raised_by
from .candidate.wire import Decoder, Tree, WireError, pack
from .plugin import Record
from .result import Diagnosis

MAX_ENDINGS = 64  # of one check; a class makes few mistakes, but a hostile one may invent new replies for ever
MAX_BYTES = 64 << 20  # of all messages
Key = tuple[str, int, str]  # exercise, seed, check
Replays = dict[tuple[str, int, str, str | None], Record | None]  # (exercise, seed, check, answer) -> what happened
_PLACES = ("frames", "signature")  # where an exception came from: the learner's file, which the check does not see


@dataclass
class _Ending:
    record: Record
    raised: dict[int, int]  # id of an error of the record -> the exchange that it came with

    def retold(self, trail: list[Exchange]) -> Record:
        """The record, with what this candidate's replies say of where in its file something was raised."""
        if not self.raised:
            return self.record
        record, errors = self.record, {e: raised_by(trail[i].reply) for e, i in self.raised.items()}
        cases = [replace(c, error=errors.get(id(c.error), c.error)) for c in record.cases]
        return replace(record, cases=cases, error=errors.get(id(record.error), record.error))


@dataclass
class _Question:
    kind: str
    tree: Tree
    buffers: list[bytes]
    after: "dict[bytes, _Question | _Ending]" = field(default_factory=dict)


@dataclass
class _Known:
    first: _Question | None = None
    endings: int = 0


class Memory:
    """Of one process that grades submissions of one batch."""

    def __init__(self) -> None:
        self.replays: Replays = {}
        self.recalled = 0  # checks that did not have to run
        self._known: dict[Key, _Known] = {}
        self._diagnoses: dict[tuple[int, ...], dict[str, Diagnosis]] = {}
        self._bytes = 0

    def recall(self, key: Key, session: Session) -> Record | None:
        """The record of a check, from the candidate's replies alone; None where one of them is new. Then the replies
        up to there wait in the session for the check."""
        known = self._known.get(key)
        session.listen()
        if known is None or known.first is None or not session.calm:
            return None
        record = _walk(known.first, session)
        if record is None:
            session.rewind()
            return None
        session.kept += sum(e.reply_size for e in session.trail)
        self.recalled += 1
        return replace(record, output=session.collect_output())

    def learn(self, key: Key, session: Session, record: Record) -> None:
        """Remember a check that has just run, if nothing but its replies made the record."""
        trail = session.trail
        size = sum(e.size for e in trail)
        known = self._known.setdefault(key, _Known())
        told_all = session.calm and session.listening and not session.lent and record.outcome in ("passed", "failed")
        room = self._bytes + size <= MAX_BYTES and known.endings < MAX_ENDINGS
        raised = _raised(record, trail)
        if not (trail and told_all and room) or raised is None:
            return
        if known.first is None:
            known.first = _question(trail[0])
        step: _Question | _Ending | None = known.first
        for exchange, following in zip(trail, [*trail[1:], None], strict=True):
            if not _asks(step, exchange):
                return  # another question after the same replies: this check is no function of them
            found = digest(exchange)
            if not found:
                return
            if following is None:
                ending = _Ending(record, raised)
                if step.after.setdefault(found, ending) is ending:
                    record.ending = ending
                    known.endings += 1
                    self._bytes += size
                return
            step = step.after.setdefault(found, _question(following))

    def diagnosed(self, failed: list[Record]) -> dict[str, Diagnosis] | None:
        """The diagnoses of a submission whose failed checks are these."""
        return self._diagnoses.get(_identity(failed))

    def note_diagnoses(self, failed: list[Record], diagnoses: dict[str, Diagnosis]) -> None:
        if all(r.ending is not None for r in failed):
            self._diagnoses[_identity(failed)] = diagnoses


def _walk(first: _Question, session: Session) -> Record | None:
    """Ask on as long as the replies are known ones; the record at their end."""
    step: _Question | _Ending | None = first
    try:
        while isinstance(step, _Question):
            session.request(step.kind, step.tree, step.buffers, _stray)
            step = step.after.get(digest(session.trail[-1])) if session.listening else None
        return step.retold(session.trail) if step is not None else None
    except (CandidateDied, WireError):  # dead, or what it says of an exception cannot be read: the check will find so
        return None


def _identity(failed: list[Record]) -> tuple[int, ...]:
    return tuple(id(r.ending) for r in failed)


def _stray(*_: object) -> NoReturn:
    raise Strayed("it calls a function of the check where no earlier answer did")


def _question(exchange: Exchange) -> _Question:
    return _Question(exchange.kind, exchange.tree, exchange.buffers)


def _asks(step: _Question | _Ending | None, exchange: Exchange) -> TypeGuard[_Question]:
    return isinstance(step, _Question) and exchange.asks(step.kind, step.tree, step.buffers)


def _raised(record: Record, trail: list[Exchange]) -> dict[int, int] | None:
    """Which exchanges brought the record's errors: they tell places in the learner's file, which is not the next one's.
    None where that is not known of one."""
    errors = [e for e in (record.error, *(c.error for c in record.cases)) if isinstance(e, LearnerError)]
    calls = record.candidate.calls if record.candidate else []
    if errors and len(calls) != len(trail):
        return None
    came = {id(call.error): i for i, call in enumerate(calls)}
    return {id(e): came[id(e)] for e in errors} if all(id(e) in came for e in errors) else None


def _readable(tree: Tree, buffers: list[memoryview]) -> bool:
    """What cannot be decoded is refused by the check."""
    try:
        Decoder(buffers, lambda tag, args: None, layout=False).decode(tree)
    except WireError:
        return False
    return True


def digest(exchange: Exchange) -> bytes:
    """Of a reply, without what differs from file to file where the learner's code raises. Empty for what cannot be
    told in bytes: that is remembered of nobody."""
    kind, tree, buffers = exchange.reply
    if kind == "raise" and type(tree) is list and tree[:1] == ["dict"]:
        pairs = zip(tree[1::2], tree[2::2], strict=False)
        tree = [p for p in pairs if not (type(p[0]) is str and p[0] in _PLACES and _readable(p[1], buffers))]
    try:
        packed = pack([kind, tree, [len(b) for b in buffers]])
    except WireError:
        return b""
    found = hashlib.blake2b(packed, digest_size=32)
    for data in buffers:
        found.update(data)
    return found.digest()
