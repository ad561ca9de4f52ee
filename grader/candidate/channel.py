"""Framed messages over a socket, with a deadline and a limit on everything.

A frame is `DLK1`, the header's length, the body's length, the header (msgpack: call number, kind, tree, lengths
of the buffers) and the body: the buffers, each padded to 64 bytes.
"""

import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from .wire import ALIGN, MAX_BODY, MAX_BUFFERS, MAX_HEADER, Tree, WireError, pack, unpack

_PREFIX = struct.Struct("<4sIQ")
_MAGIC = b"DLK1"
_CHUNK = 1 << 20
_AHEAD = 1 << 14


class Closed(Exception):
    """The other side is gone."""


class DeadlinePassed(Exception):
    """Nothing (or not all of it) came in time."""


@dataclass
class Message:
    number: int
    kind: str
    tree: Tree
    buffers: list[memoryview]


class Channel:
    """One end of the wire. While it waits it also serves `watched`: descriptors with what to do when they are ready
    (what the submission prints must be drained, or it would block)."""

    def __init__(self, sock: socket.socket, watched: dict[int, Callable[[], None]] | None = None) -> None:
        self._sock = sock
        self._ahead = bytearray()  # received, of the next message or of this one
        self._poll: select.poll | None = None
        self.watched = watched or {}
        self.bytes_sent = 0
        self.bytes_received = 0
        self.messages = 0

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def send(self, number: int, kind: str, tree: Tree, buffers: list[bytes], deadline: float | None = None) -> None:
        header = pack([number, kind, tree, [len(b) for b in buffers]])
        size = sum(_padded(len(b)) for b in buffers)
        if len(header) > MAX_HEADER or size > MAX_BODY + ALIGN * len(buffers) or len(buffers) > MAX_BUFFERS:
            raise WireError("more data than one message may hold")
        parts: list[bytes] = [_PREFIX.pack(_MAGIC, len(header), size) + header]
        for data in buffers:
            parts += [data, b"\0" * (_padded(len(data)) - len(data))]
        small = b"".join(parts) if size < _CHUNK else None
        for part in [small] if small is not None else parts:
            self._write(memoryview(part), deadline)
        self.messages += 1

    def receive(self, deadline: float | None = None) -> Message:
        magic, header_size, body_size = _PREFIX.unpack(self._read(_PREFIX.size, deadline))
        if magic != _MAGIC or header_size > MAX_HEADER or body_size > MAX_BODY + ALIGN * MAX_BUFFERS:
            raise WireError("not a message")
        header = unpack(self._read(header_size, deadline))
        if not (
            type(header) is list
            and len(header) == 4
            and type(header[0]) is int
            and type(header[1]) is str
            and type(header[3]) is list
            and len(header[3]) <= MAX_BUFFERS
            and all(type(n) is int and n >= 0 for n in header[3])
            and sum(map(_padded, header[3])) == body_size
        ):
            raise WireError("not a message")
        body = memoryview(self._read(body_size, deadline))
        buffers, start = [], 0
        for length in header[3]:
            buffers.append(body[start : start + length])
            start += _padded(length)
        self.messages += 1
        return Message(header[0], header[1], header[2], buffers)

    def pending(self) -> bool:
        """Whether something came that nobody asked for."""
        if self._ahead:
            return True
        try:
            self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            pass
        return True

    def _read(self, size: int, deadline: float | None) -> bytearray:
        if not self._ahead and 0 < size < _AHEAD:
            self._ahead = bytearray(_AHEAD)  # a small message comes whole, with one look at the socket
            self._ahead = self._ahead[: self._receive(self._ahead, 0, deadline)]
        # Memory grows with what really arrives, not with what the prefix claims.
        data = bytearray(min(size, _CHUNK))
        done = min(size, len(self._ahead))
        data[:done] = self._ahead[:done]
        del self._ahead[:done]
        while done < size:
            if done == len(data):
                data.extend(bytes(min(size - done, len(data))))
            done += self._receive(data, done, deadline)
        self.bytes_received += size
        return data

    def _receive(self, data: bytearray, start: int, deadline: float | None) -> int:
        """Fill `data` from `start` with what is there, after waiting for something."""
        while True:
            self._wait(select.POLLIN, deadline)
            view = memoryview(data)
            try:
                count = self._sock.recv_into(view[start:])
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                count = 0
            finally:
                view.release()
            if count == 0:
                raise Closed
            return count

    def _write(self, view: memoryview, deadline: float | None) -> None:
        self.bytes_sent += len(view)
        while len(view):
            try:
                view = view[self._sock.send(view) :]
            except InterruptedError:
                continue
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
            except OSError:
                raise Closed from None

    def _wait(self, event: int, deadline: float | None) -> None:
        if deadline is None:
            return  # the candidate's end blocks
        poll = self._watch(event)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:  # also where something is always ready
                raise DeadlinePassed
            ready = [descriptor for descriptor, _ in poll.poll(left * 1000)]
            if self._sock.fileno() in ready:
                return
            for descriptor in ready:
                if descriptor in self.watched:
                    self.watched[descriptor]()
                if descriptor not in self.watched:  # closed by the other side
                    poll.unregister(descriptor)

    def _watch(self, event: int) -> select.poll:
        """Made once for reading, which is what is waited for."""
        if self._poll is None:
            self._poll = select.poll()
            for descriptor in self.watched:
                self._poll.register(descriptor, select.POLLIN)
        self._poll.register(self._sock, event)
        return self._poll


def _padded(length: int) -> int:
    return -(-length // ALIGN) * ALIGN
