"""The one comparer: what differs, by how much, where, and what was allowed. NaN fails.

Every function raises `Mismatch` with a sentence for the learner. `name` is what the learner calls the thing that is
compared (`softmax(x, axis=0)`, `the gradient`), `actual` came from the submission, `expected` from the check.
"""

import math
import numbers
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .candidate.proxy import CandidateProxy, Handle, LearnerError
from .candidate.wire import torch_or_none

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
# The tolerances of the catalogue, by the precision of what is expected.
_TOLERANCES = {"float64": (1e-9, 1e-12), "float32": (1e-4, 1e-5), "float16": (5e-3, 1e-3), "bfloat16": (2e-2, 2e-2)}


class Mismatch(AssertionError):
    """The submission's value is not what the check expects; the values are kept for the diagnosis."""

    def __init__(self, message: str, name: str = "", actual: Any = None, expected: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.name = name
        self.actual = actual
        self.expected = expected


def check(condition: Any, message: str) -> None:
    """Fail with a sentence unless `condition` holds. The sentence says what is wrong, not what was tested."""
    if not condition:
        raise Mismatch(message)


def check_close(
    name: str,
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    dtype: bool = False,
    nan_ok: bool = False,
) -> None:
    """Numbers, arrays or tensors agree: same shape, and |actual - expected| <= atol + rtol * |expected|.

    Lists, tuples and dicts are compared entry by entry. Tolerances come from the precision of `expected` where they
    are not given. `dtype=True` also wants the same dtype. NaN is wrong, unless `nan_ok` and NaN is expected there.
    """
    if isinstance(expected, dict):
        _check_mapping(name, actual, expected, rtol=rtol, atol=atol, dtype=dtype, nan_ok=nan_ok)
        return
    if isinstance(expected, list | tuple) and any(_nested(e) for e in expected):
        _check_sequence(name, actual, expected, rtol=rtol, atol=atol, dtype=dtype, nan_ok=nan_ok)
        return
    left = _numbers_of(name, actual, expected)  # first: where both came from the submission, it is named
    right = as_array(expected)
    if left.shape != right.shape:
        raise Mismatch(f"{name} has shape {left.shape}, expected {right.shape}.", name, actual, expected)
    if dtype:
        check_dtype(name, actual, dtype_name(expected))
    default = _TOLERANCES.get(_precision(expected), (0.0, 0.0))
    rtol, atol = default[0] if rtol is None else rtol, default[1] if atol is None else atol
    bad = ~_close(left, right, rtol, atol, nan_ok)
    if bad.any():
        raise Mismatch(_difference(name, left, right, bad, rtol, atol), name, actual, expected)


def check_equal(name: str, actual: Any, expected: Any) -> None:
    """Exactly equal: integers, indices, strings, shapes, traces. Numbers compare by value, `np.int64(3)` to 3, too."""
    if isinstance(expected, np.bool_):
        expected = bool(expected)
    if isinstance(expected, np.ndarray) or _is_tensor(expected):
        check_close(name, actual, expected, rtol=0.0, atol=0.0)
        return
    if isinstance(expected, dict):
        _check_mapping(name, actual, expected, exact=True)
    elif isinstance(expected, list | tuple):
        _check_sequence(name, actual, expected, exact=True)
    elif not _same_plain(actual, expected):
        raise Mismatch(f"{name} is {show(actual)}, expected {show(expected)}.", name, actual, expected)


def check_type(name: str, actual: Any, kind: type) -> None:
    """A Python number where the statement says `float` or `int` (np.float64 is a float), a list where it says list."""
    if kind is int and isinstance(actual, np.integer):
        return
    if not isinstance(actual, kind) or (kind in (int, float) and isinstance(actual, bool)):
        raise Mismatch(f"{name} is {describe(actual)}, expected a Python {kind.__name__}.", name, actual)


def check_dtype(name: str, actual: Any, dtype: Any) -> None:
    """An array, numpy scalar or tensor of this dtype."""
    wanted = dtype if isinstance(dtype, str) else dtype_name(dtype)
    if isinstance(actual, Handle):
        raise Mismatch(f"{name} is {describe(actual)}, expected dtype {wanted}.", name, actual)
    found = dtype_name(actual)
    if found != wanted:
        raise Mismatch(f"{name} has dtype {found}, expected {wanted}.", name, actual)


def check_shape(name: str, actual: Any, shape: tuple[int, ...]) -> None:
    found = as_array(actual).shape if _is_numeric(actual) else None
    if found != tuple(shape):
        words = f"is {describe(actual)}" if found is None else f"has shape {found}"
        raise Mismatch(f"{name} {words}, expected shape {tuple(shape)}.", name, actual)


def check_finite(name: str, actual: Any) -> None:
    values = as_array(actual) if _is_tensor(actual) else _numbers_of(name, actual, 0.0)
    bad = ~np.isfinite(_widened(values))
    if bad.any():
        where = _place(bad)
        raise Mismatch(f"{name} is {values[bad][0]}{where}: every value should be finite here.", name, actual)


@contextmanager
def check_raises(kind: type[Exception], what: str) -> Iterator[None]:
    """`with check_raises(ValueError, "temperature=0"): candidate.softmax(x, temperature=0.0)`.

    Raises Mismatch if nothing, or something else, is raised inside.
    """
    try:
        yield
    except LearnerError as error:
        if isinstance(error, kind):
            return
        if error.not_implemented:
            raise
        raise Mismatch(f"{what} should raise {kind.__name__}; your code raised {error}.") from error
    raise Mismatch(f"{what} should raise {kind.__name__}; your code raised nothing.")


def check_pure(candidate: CandidateProxy, *names: str) -> None:
    """No argument of any call so far (in this case, if in one) was modified. `names`: of the positional arguments.

    A random generator that was drawn from is not modified: that is what it is for.
    """
    for call in [c for c in candidate.calls if candidate.case in (None, c.case)]:
        for key in (k for k, value in call.changed.items() if type(value).__name__ != "Generator"):
            label = key if isinstance(key, str) else names[key] if key < len(names) else f"argument {key + 1}"
            raise Mismatch(f"{call.target} modified its input `{label}`: work on a copy.", call.target)


def check_fresh(candidate: CandidateProxy, *names: str) -> None:
    """The result of the last call shares no memory with an argument: writing into one must not change the other."""
    call = candidate.calls[-1]
    for key in call.aliases:
        label = key if isinstance(key, str) else names[key] if key < len(names) else f"argument {key + 1}"
        raise Mismatch(f"{call.target} returned (a view of) its input `{label}`: return a new array.", call.target)


def unpack(name: str, actual: Any, count: int) -> tuple[Any, ...]:
    """The parts of a returned tuple (or list) of `count` entries."""
    if not isinstance(actual, tuple | list) or len(actual) != count:
        words = f"{len(actual)} values" if isinstance(actual, tuple | list) else describe(actual)
        raise Mismatch(f"{name} returned {words}, expected a tuple of {count}.", name, actual)
    return tuple(actual)


# Numbers


def as_array(value: Any) -> np.ndarray:
    """A numpy array of any numeric value; what numpy has no dtype for (bfloat16, float8) becomes float32."""
    if _is_tensor(value):
        plain = value.detach().cpu().resolve_conj().resolve_neg()
        return np.asarray(plain.float() if dtype_name(plain).startswith(("bfloat16", "float8")) else plain)
    return np.asarray(value)


def dtype_name(value: Any) -> str:
    """`float32` for arrays, numpy scalars, tensors, dtypes and types; the type's name for anything else."""
    dtype = value if isinstance(value, type) else getattr(value, "dtype", value)  # np.float32.dtype is a descriptor
    if isinstance(dtype, type):
        return np.dtype(dtype).name if issubclass(dtype, np.generic) else dtype.__name__
    if isinstance(dtype, np.dtype):
        return dtype.name
    text = str(dtype)
    return text.removeprefix("torch.") if text.startswith("torch.") else type(value).__name__


def _precision(expected: Any) -> str:
    name = dtype_name(expected)
    if name in _TOLERANCES:
        return name
    kind = as_array(expected).dtype
    if kind.kind == "c":
        return "float32" if kind.itemsize <= 8 else "float64"
    return kind.name if kind.kind == "f" else "exact"


def _is_tensor(value: Any) -> bool:
    torch = torch_or_none()
    return torch is not None and isinstance(value, torch.Tensor)


def _is_numeric(value: Any) -> bool:
    if _is_tensor(value):
        return True
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "biufc"
    return isinstance(value, numbers.Number)


def _nested(value: Any) -> bool:
    return isinstance(value, np.ndarray | list | tuple | dict) or hasattr(value, "detach")


def _numbers_of(name: str, actual: Any, expected: Any) -> np.ndarray:
    if isinstance(actual, list | tuple) and isinstance(expected, list | tuple):
        for i, entry in enumerate(actual):
            if not _is_numeric(entry) or as_array(entry).shape:
                raise Mismatch(f"{name}[{i}] is {describe(entry)}, expected a number.", name, actual, expected)
        actual = np.asarray([as_array(entry)[()] for entry in actual])
    if _is_tensor(expected) and not _is_tensor(actual):
        raise Mismatch(f"{name} is {describe(actual)}, expected a tensor.", name, actual, expected)
    if _is_tensor(actual) and not _is_tensor(expected):
        raise Mismatch(f"{name} is a torch tensor, expected numpy numbers.", name, actual, expected)
    if not _is_numeric(actual):
        kind = "an array" if isinstance(expected, np.ndarray) and expected.shape else "a number"
        kind = f"a {type(expected).__name__}" if isinstance(expected, list | tuple) else kind
        raise Mismatch(f"{name} is {describe(actual)}, expected {kind}.", name, actual, expected)
    return as_array(actual)


def _close(left: np.ndarray, right: np.ndarray, rtol: float, atol: float, nan_ok: bool) -> np.ndarray:
    with np.errstate(all="ignore"):
        close = np.asarray(left == right)  # exact for integers of any width; equal infinities pass
        if rtol or atol:
            a, b = _widened(left), _widened(right)  # a difference of integers could wrap around
            # Written so that NaN falls on the failing side.
            close |= (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b)
        if nan_ok:
            close |= np.asarray((left != left) & (right != right))
    return close


def _widened(array: np.ndarray) -> np.ndarray:
    """In double precision; a Python integer beyond all floats is infinite there."""
    if array.dtype.kind == "O":
        return np.array([_as_float(v) for v in array.flat]).reshape(array.shape)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _difference(name: str, left: np.ndarray, right: np.ndarray, bad: np.ndarray, rtol: float, atol: float) -> str:
    with np.errstate(all="ignore"):
        size = np.abs(_widened(left) - _widened(right))
    ranked = np.where(bad, np.where(np.isnan(size), np.inf, size), -1.0)
    worst = np.unravel_index(int(ranked.argmax()), ranked.shape)
    place = f"[{', '.join(map(str, worst))}]" if worst else ""
    got, want = left[worst], right[worst]
    words = f"{name}{place} is {number(got)}, expected {number(want)}"
    bound = float(np.abs(_widened(right)[worst]))
    allowed = atol + rtol * bound if math.isfinite(bound) else 0.0
    if np.isfinite(size[worst]) and allowed:
        words += f" (off by {number(size[worst])}, {number(allowed)} allowed)"
    elif number(got) == number(want) and size[worst] > 0:
        words += f" (off by {number(size[worst])})"
    count = int(bad.sum())
    return words + (f"; {count} of {bad.size} values differ." if bad.size > 1 else ".")


def _place(bad: np.ndarray) -> str:
    if not bad.shape:
        return ""
    first = [int(i[0]) for i in np.nonzero(bad)]
    return f" at [{', '.join(map(str, first))}]"


# Containers


def _check_mapping(name: str, actual: Any, expected: dict[Any, Any], exact: bool = False, **options: Any) -> None:
    if not isinstance(actual, dict):
        raise Mismatch(f"{name} is {describe(actual)}, expected a dict.", name, actual, expected)
    for key in expected:
        if key not in actual:
            raise Mismatch(f"{name} has no entry {key!r}; it has {show(list(actual))}.", name, actual, expected)
    extra = [k for k in actual if k not in expected]
    if extra:
        raise Mismatch(f"{name} has an entry {show(extra[0])} too many.", name, actual, expected)
    for key, value in expected.items():
        _check_entry(f"{name}[{key!r}]", actual[key], value, exact, options)


def _check_sequence(name: str, actual: Any, expected: Any, exact: bool = False, **options: Any) -> None:
    if not isinstance(actual, list | tuple):
        raise Mismatch(
            f"{name} is {describe(actual)}, expected a {type(expected).__name__}.", name, actual, expected
        )  # fmt: skip
    if len(actual) != len(expected):
        words = f"{name} has {len(actual)} entries, expected {len(expected)}"
        shown = f": {show(actual)} against {show(expected)}" if exact else ""
        raise Mismatch(f"{words}{shown}.", name, actual, expected)
    if exact and not any(_nested(e) for e in expected):
        wrong = [i for i, (a, e) in enumerate(zip(actual, expected, strict=True)) if not _same_plain(a, e)]
        if wrong:
            i = wrong[0]
            words = f"{name} is {show(actual)}, expected {show(expected)}: entry {i} is {show(actual[i])}"
            raise Mismatch(f"{words}, not {show(expected[i])}.", name, actual, expected)
        return
    for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
        _check_entry(f"{name}[{i}]", a, e, exact, options)


def _check_entry(name: str, actual: Any, expected: Any, exact: bool, options: dict[str, Any]) -> None:
    if exact or expected is None or isinstance(expected, str | bool):
        check_equal(name, actual, expected)
    else:
        check_close(name, actual, expected, **options)


def _same_plain(actual: Any, expected: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool | np.bool_):
        return isinstance(actual, bool | np.bool_) and isinstance(expected, bool) and bool(actual) == expected
    if isinstance(expected, int | float) and (isinstance(actual, np.ndarray) or _is_tensor(actual)):
        actual = as_array(actual)[()] if actual.shape == () else actual
    if isinstance(expected, int | float):
        return isinstance(actual, numbers.Real) and bool(actual == expected)
    if isinstance(expected, str | bytes) or expected is None:
        return type(actual) is type(expected) and bool(actual == expected)
    return not _nested(actual) and not isinstance(actual, Handle) and bool(actual == expected)


# Words


def number(value: Any) -> str:
    """A number as a learner wants to read it: six significant digits."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        value = int(value)
        return str(value) if value.bit_length() <= 1024 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, complex | np.complexfloating):
        return f"{complex(value):.6g}"
    value = float(value)
    return f"{value:.6g}" if math.isfinite(value) else str(value)


def describe(value: Any) -> str:
    """What kind of thing it is: `None`, `an array of shape (2, 3)`, `a list of 4`, `a Layer object`."""
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, Handle):
        kind = value._dlkit[2]
        article = "an" if kind[:1].lower() in "aeiou" else "a"
        return f"{article} {kind}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if hasattr(value, "detach"):
        return f"a tensor of shape {tuple(value.shape)} and dtype {dtype_name(value)}"
    if isinstance(value, list | tuple | dict | set):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{show(value)} ({type(value).__name__})"


def show(value: Any, limit: int = 120) -> str:
    """A short repr, the same in every run: without addresses."""
    if isinstance(value, np.ndarray):
        with np.printoptions(precision=4, threshold=8, edgeitems=2, linewidth=1000):
            text = " ".join(repr(value).split())
    elif isinstance(value, np.generic):
        text = number(value) if value.dtype.kind in "biufc" else repr(value)
    elif isinstance(value, int):
        text = number(value)
    else:
        try:
            text = " ".join(repr(value).split())
        except ValueError:  # a container of integers with more than 4300 digits
            text = f"a {type(value).__name__} of {len(value)}"
    text = _ADDRESS.sub("", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
