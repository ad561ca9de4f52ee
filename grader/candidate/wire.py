"""Values to bytes and back: no pickle, no eval, no object arrays; every size is checked before memory is taken.

A message is a msgpack tree plus raw buffers. None, bool, int, float, str and bytes stand for themselves in
the tree; everything else is a list whose first entry is a tag (`["array", dtype, shape, …]`). What cannot be
copied as data (a layer, an optimizer) travels as a handle: the object stays where it was made.
"""

import math
import operator
import re
import sys
from collections.abc import Callable
from typing import Any

import msgpack  # type: ignore[import-untyped]
import numpy as np

MAX_HEADER = 4 << 20  # bytes of msgpack; as Python objects they take up to 80 times as much
MAX_BODY = 256 << 20  # bytes of array data in one message
MAX_DEPTH = 64
MAX_NODES = 500_000
MAX_BUFFERS = 50_000
MAX_SAME_HASH = 64  # a set or dict of values with one hash takes time with their square
MAX_INT_DIGITS = 5_000  # hexadecimal digits of one integer
ALIGN = 64  # numpy is slow on arrays that do not start on such a boundary

Tree = Any  # what msgpack can hold

_SIMPLE_DTYPE = re.compile(r"[<>|=]?[biufcSUV]\d{1,9}|[<>|=]?[mM]8(\[\d{0,9}[A-Za-zμ]{1,7}\])?")
_TORCH_DTYPES = frozenset(
    "bool uint8 int8 int16 int32 int64 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64 complex128"
    " float8_e4m3fn float8_e5m2".split()
)
_TYPES: dict[str, type] = {t.__name__: t for t in (bool, int, float, complex, str, bytes, list, tuple, dict)}
_SEQUENCES: tuple[tuple[Any, str], ...] = ((tuple, "tuple"), (list, "list"), (set, "set"), (frozenset, "frozenset"))
PLAIN = frozenset((type(None), bool, int, float, str, bytes))
_SIMPLE_NUMBERS = 17  # numpy's numbers of bool, the integers, floats and complex numbers are below
_COMMON_DTYPES = {np.dtype(name).str: np.dtype(name) for name in "bool uint8 int32 int64 float32 float64".split()}
_RNG_STATES = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
DEVICE_TENSORS: list[type] = []  # kinds of tensors that cross by value beside torch's own


class WireError(Exception):
    """The bytes break a rule of the wire: not a value, too large, too deep."""


def torch_or_none() -> Any:
    """torch where it is imported already; a value can only be a tensor then."""
    return sys.modules.get("torch")


class Encoder:
    """Turns values into trees; the buffers of one message are collected in `buffers`.

    `reference(obj)` gives the tree of an object that is not data (a handle, a callback) or raises WireError.
    """

    def __init__(self, reference: Callable[[Any], Tree], max_body: int = MAX_BODY, device: str = "cpu") -> None:
        self.buffers: list[Any] = []
        self._device = device  # where the other side is to put the CPU's tensors
        self._reference = reference
        self._room = max_body
        self._nodes = 0
        self._memo: dict[int, tuple[Any, Tree]] = {}  # the same array twice stays one array

    def encode(self, value: Any, depth: int = 0) -> Tree:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise WireError(f"nested more than {MAX_DEPTH} deep (or contains itself)")
        if self._nodes > MAX_NODES:
            raise WireError(f"more than {MAX_NODES} values")
        kind = type(value)
        if value is None or kind in (bool, float):
            return value
        if kind is str:
            return self._text(value)
        if kind is int:
            return self._int(value)
        if kind is bytes:
            return self._take(value)
        if kind is np.ndarray:
            return self._memoized(value, self._array)
        if kind is list or kind is tuple:
            return [kind.__name__, *[self.encode(v, depth + 1) for v in value]]
        if kind is dict:
            return ["dict", *[self.encode(v, depth + 1) for pair in value.items() for v in pair]]
        return self._other(value, kind, depth + 1)

    def _other(self, value: Any, kind: type, depth: int) -> Tree:
        torch = torch_or_none()
        if torch is not None and isinstance(value, torch.Tensor):
            if kind in (torch.Tensor, torch.nn.Parameter, *DEVICE_TENSORS):
                return self._memoized(value, self._tensor)
            return self._reference(value)
        for base, tag in _SEQUENCES:
            if isinstance(value, base):
                return [tag, *(self.encode(v, depth) for v in base.__iter__(value))]  # whatever a subclass says
        if isinstance(value, dict):
            pairs = dict.items(value)
            return ["dict", *(self.encode(v, depth) for pair in pairs for v in pair)]
        if isinstance(value, np.generic) and not value.dtype.hasobject:
            return ["scalar", dtype_spec(value.dtype), value.tobytes()]
        if isinstance(value, int):  # an IntEnum, say
            return self._int(int.__int__(value))
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if kind is complex:
            return ["complex", value.real, value.imag]
        if kind in (bytearray, memoryview):
            return self._take(bytes(value))
        if kind is slice:
            return ["slice", *(self.encode(v, depth) for v in (value.start, value.stop, value.step))]
        if kind is range:
            return ["range", *(self._int(v) for v in (value.start, value.stop, value.step))]
        if value is Ellipsis:
            return ["ellipsis"]
        if kind is np.random.Generator:
            state = value.bit_generator.state
            if state.get("bit_generator") in _RNG_STATES:
                return self._memoized(value, lambda v: ["nprng", self.encode(state, depth)])
        if isinstance(value, np.dtype) and not value.hasobject:
            return ["dtype", dtype_spec(value)]
        if isinstance(value, type):
            if _TYPES.get(value.__name__) is value:
                return ["type", value.__name__]
            name = value.__name__
            if issubclass(value, np.generic) and vars(np).get(name) is value:
                return ["nptype", name]
        if torch is not None:
            if isinstance(value, torch.dtype):
                return ["torchdtype", str(value).removeprefix("torch.")]
            if isinstance(value, torch.device):
                return ["torchdevice", str(value)]
            if isinstance(value, torch.Generator):
                return self._memoized(value, lambda v: ["torchrng", self._place(v), v.get_state().numpy().tobytes()])
        return self._reference(value)

    def _memoized(self, value: Any, encode: Callable[[Any], Tree]) -> Tree:
        if id(value) not in self._memo:
            index = len(self._memo)
            tree = encode(value)
            self._memo[id(value)] = (value, ["same", index])  # value is kept, so its id stays its own
            return ["new", index, tree]
        return self._memo[id(value)][1]

    def _text(self, value: str) -> Tree:
        self._charge(len(value))
        return value

    def _take(self, value: bytes) -> bytes:
        self._charge(len(value))
        return value

    def _charge(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise WireError(f"more than {MAX_BODY >> 20} MiB of data in one message")

    def _int(self, value: int) -> Tree:
        if -(1 << 63) <= value < 1 << 63:
            return value
        if value.bit_length() > 4 * MAX_INT_DIGITS:
            raise WireError(f"an integer of {value.bit_length()} bits")
        return ["int", format(value, "x")]

    def _array(self, value: np.ndarray) -> Tree:
        dtype, flags = value.dtype, value.flags
        if dtype.hasobject or dtype.kind == "T":
            return self._reference(value)
        self._charge(value.nbytes)  # before a copy is made: a broadcast view can claim terabytes
        strides = None if flags.c_contiguous else _strides_of(value)
        index = self._buffer(value.tobytes())
        return ["array", dtype_spec(dtype), list(value.shape), strides, flags.writeable, index]

    def _tensor(self, value: Any) -> Tree:
        torch = torch_or_none()
        # the simulated device's tensors hold one of the CPU: asking them themselves would import a second's worth
        plain = value.held.detach() if type(value) in DEVICE_TENSORS else value.detach()
        if plain.layout is not torch.strided or plain.is_quantized or plain.device.type == "meta":
            return self._reference(value)
        self._charge(plain.numel() * plain.element_size())
        strides = None if plain.is_contiguous() else list(plain.stride())
        if strides or plain.device.type != "cpu" or plain.is_conj() or plain.is_neg():
            plain = plain.cpu().contiguous().resolve_conj().resolve_neg()
        data = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        grad = value.grad if value.is_leaf else None
        return [
            "tensor",
            str(plain.dtype).removeprefix("torch."),
            list(plain.shape),
            strides,
            self._place(value),
            bool(value.requires_grad),
            isinstance(value, torch.nn.Parameter),
            None if grad is None else self.encode(grad),
            self._buffer(data),
        ]

    def _place(self, value: Any) -> str:
        """Its own device, or the one that this message's values go to; `on_cpu` marks what stays."""
        device = str(value.device)
        return self._device if device == "cpu" and not getattr(value, "dlkit_stays", False) else device

    def _buffer(self, data: bytes) -> int:
        self.buffers.append(data)
        return len(self.buffers) - 1


class Decoder:
    """Turns a tree and its buffers into values, believing nothing.

    `reference(tag, args)` resolves handles and callbacks; it raises WireError for what it does not know. Memory is
    laid out as it was (`layout`) only for the side that trusts the other: strides can span far more than the data.
    """

    def __init__(
        self, buffers: list[memoryview], reference: Callable[[str, list[Any]], Any], layout: bool = True
    ) -> None:
        self._buffers = buffers
        self._reference = reference
        self._layout = layout
        self._room = MAX_BODY + MAX_HEADER
        self._nodes = 0
        self._memo: dict[int, Any] = {}

    def decode(self, tree: Tree, depth: int = 0) -> Any:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("a value too deep or too large")
        kind = type(tree)
        if kind in PLAIN:
            return tree
        if kind is not list or not tree or type(tree[0]) is not str:
            raise WireError("not a value")
        tag, *args = tree
        reader = _READERS.get(tag)
        try:
            if reader is not None:
                return reader(self, args, depth + 1)
            return self._reference(tag, args)
        except WireError:
            raise
        except RecursionError:
            raise WireError("a value too deep") from None
        except Exception as error:  # numpy's and torch's own refusals
            raise WireError(f"not a {tag}: {type(error).__name__}") from None

    def _all(self, args: list[Tree], depth: int) -> list[Any]:
        return [self.decode(a, depth) for a in args]

    def _read_new(self, args: list[Tree], depth: int) -> Any:
        index, tree = args
        value = self.decode(tree, depth)
        self._memo[_count(index)] = value
        return value

    def _read_same(self, args: list[Tree], depth: int) -> Any:
        return self._memo[_count(args[0])]

    def _read_tuple(self, args: list[Tree], depth: int) -> Any:
        return tuple(self._all(args, depth))

    def _read_list(self, args: list[Tree], depth: int) -> Any:
        return self._all(args, depth)

    def _read_set(self, args: list[Tree], depth: int) -> Any:
        return set(_spread(self._all(args, depth)))

    def _read_frozenset(self, args: list[Tree], depth: int) -> Any:
        return frozenset(_spread(self._all(args, depth)))

    def _read_dict(self, args: list[Tree], depth: int) -> Any:
        values = self._all(args, depth)
        return dict(zip(_spread(values[::2]), values[1::2], strict=True))

    def _read_int(self, args: list[Tree], depth: int) -> Any:
        (digits,) = args
        if type(digits) is not str or len(digits) > MAX_INT_DIGITS + 1:
            raise WireError("not an integer")
        return int(digits, 16)

    def _read_complex(self, args: list[Tree], depth: int) -> Any:
        real, imag = args
        return complex(_float(real), _float(imag))

    def _read_slice(self, args: list[Tree], depth: int) -> Any:
        return slice(*self._all(args, depth))

    def _read_range(self, args: list[Tree], depth: int) -> Any:
        numbers = range(*(operator.index(self.decode(a, depth)) for a in args))
        self._unfolds(len(numbers))
        return numbers

    def _read_ellipsis(self, args: list[Tree], depth: int) -> Any:
        return Ellipsis

    def _read_dtype(self, args: list[Tree], depth: int) -> Any:
        return read_dtype(args[0])

    def _read_type(self, args: list[Tree], depth: int) -> Any:
        return _TYPES[args[0]]

    def _read_nptype(self, args: list[Tree], depth: int) -> Any:
        kind = getattr(np, args[0]) if re.fullmatch(r"[a-z]+\d*_?", args[0]) else None
        if not (isinstance(kind, type) and issubclass(kind, np.generic)) or kind is np.object_:
            raise WireError("not a numpy type")
        return kind

    def _read_scalar(self, args: list[Tree], depth: int) -> Any:
        spec, data = args
        return self._from_bytes(read_dtype(spec), (), memoryview(data))[()]

    def _read_array(self, args: list[Tree], depth: int) -> Any:
        spec, shape, strides, writeable, index = args
        array = self._from_bytes(read_dtype(spec), _shape(shape), self._buffer(index))
        if strides is not None and self._layout:
            array = _restride(array, strides)
        if writeable is not True:
            array.flags.writeable = False
        return array

    def _from_bytes(self, dtype: np.dtype, shape: tuple[int, ...], data: memoryview) -> np.ndarray:
        if math.prod(shape) * dtype.itemsize != len(data):
            raise WireError(f"shape {shape} of {dtype} does not fit {len(data)} bytes")
        self._charge(len(data))
        if dtype.itemsize == 0 or not len(data):
            self._unfolds(math.prod(shape))
            return np.empty(shape, dtype)
        array = np.frombuffer(data, dtype).reshape(shape)
        if not array.flags.writeable:
            array = array.copy()
        _check_payload(array)
        return array

    def _read_tensor(self, args: list[Tree], depth: int) -> Any:
        torch = torch_or_none()
        dtype, shape, strides, device, requires_grad, is_parameter, grad, index = args
        if torch is None or dtype not in _TORCH_DTYPES:
            raise WireError("not a tensor")
        tensor = self._tensor_from(torch, getattr(torch, dtype), _shape(shape), self._buffer(index))
        if strides is not None and self._layout:
            tensor = _restride_tensor(torch, tensor, strides)
        if device != "cpu":
            tensor = self._reference("tensor_on", [tensor, device])
        if is_parameter is True:
            tensor = torch.nn.Parameter(tensor, requires_grad=requires_grad is True)
        elif requires_grad is True:
            tensor.requires_grad_()
        if grad is not None:
            tensor.grad = self.decode(grad, depth)
        return tensor

    def _tensor_from(self, torch: Any, dtype: Any, shape: tuple[int, ...], data: memoryview) -> Any:
        if math.prod(shape) * dtype.itemsize != len(data):
            raise WireError(f"shape {shape} of {dtype} does not fit {len(data)} bytes")
        self._charge(len(data))
        if not len(data):
            return torch.empty(shape, dtype=dtype)
        if dtype is torch.bool and np.frombuffer(data, np.uint8).max() > 1:
            raise WireError("a bool that is neither 0 nor 1")
        data = data if not data.readonly else memoryview(bytearray(data))
        return torch.frombuffer(data, dtype=torch.uint8).view(dtype).reshape(shape)

    def _read_nprng(self, args: list[Tree], depth: int) -> Any:
        state = self.decode(args[0], depth)
        if type(state) is not dict or state.get("bit_generator") not in _RNG_STATES:
            raise WireError("not a random generator")
        bits = getattr(np.random, state["bit_generator"])()
        if state["bit_generator"] == "MT19937" and not 0 <= _count(state["state"]["pos"]) <= 624:
            raise WireError("not a state: numpy would read beyond it")
        bits.state = state
        return np.random.Generator(bits)

    def _read_torchrng(self, args: list[Tree], depth: int) -> Any:
        torch = torch_or_none()
        device, state = args
        if torch is None:
            raise WireError("not a generator")
        state = torch.frombuffer(bytearray(state), dtype=torch.uint8)
        if device != "cpu":
            return self._reference("generator_on", [state, device])
        generator = torch.Generator()
        generator.set_state(state)
        return generator

    def _read_torchdtype(self, args: list[Tree], depth: int) -> Any:
        if args[0] not in _TORCH_DTYPES:
            raise WireError("not a dtype")
        return getattr(torch_or_none(), args[0])

    def _read_torchdevice(self, args: list[Tree], depth: int) -> Any:
        if not re.fullmatch(r"(cpu|cuda|sim|meta)(:\d{1,2})?", args[0]):
            raise WireError("not a device")
        torch = torch_or_none()
        if args[0].startswith("sim") and torch._C._get_privateuse1_backend_name() != "sim":
            torch.utils.rename_privateuse1_backend("sim")  # the name alone: this side has no such tensors
        return torch.device(args[0])

    def _buffer(self, index: Any) -> memoryview:
        place = _count(index)
        if place >= len(self._buffers):
            raise WireError("no such buffer")
        return self._buffers[place]

    def _charge(self, size: int) -> None:
        """The same buffer may be named again and again, and every copy costs."""
        self._room -= size
        if self._room < 0:
            raise WireError(f"more than {MAX_BODY >> 20} MiB of data in one message")

    def _unfolds(self, size: int) -> None:
        """What takes no room on the wire, but does as soon as it is compared."""
        self._nodes += size
        if self._nodes > MAX_NODES:
            raise WireError(f"more than {MAX_NODES} values")


_READERS = {n.removeprefix("_read_"): f for n, f in vars(Decoder).items() if n.startswith("_read_")}


def _spread(keys: list[Any]) -> list[Any]:
    """The keys of a set or dict, unless too many of them share a hash."""
    counts: dict[int, int] = {}
    for key in keys:
        code = hash(key)
        counts[code] = counts.get(code, 0) + 1
        if counts[code] > MAX_SAME_HASH:
            raise WireError(f"more than {MAX_SAME_HASH} keys with one hash")
    return keys


def _strides_of(array: np.ndarray) -> list[int] | None:
    """In items; None for a field of a structured array, which is sent as a plain copy."""
    size = max(array.itemsize, 1)
    return None if any(s % size for s in array.strides) else [s // size for s in array.strides]


def dtype_spec(dtype: np.dtype) -> Tree:
    """A dtype as plain data: `"<f8"`, or names, specs and offsets of a structured one."""
    if dtype.num < _SIMPLE_NUMBERS:
        return dtype.str
    if dtype.subdtype is not None:
        return ["sub", dtype_spec(dtype.subdtype[0]), list(dtype.subdtype[1])]
    if dtype.fields:
        entries = [(name, *dtype.fields[name][:2]) for name in dtype.names or ()]
        return ["fields", dtype.itemsize, *([name, dtype_spec(d), offset] for name, d, offset in entries)]
    return dtype.str


def read_dtype(spec: Tree, depth: int = 0) -> np.dtype:
    if type(spec) is str and spec in _COMMON_DTYPES:
        return _COMMON_DTYPES[spec]
    if type(spec) is str and _SIMPLE_DTYPE.fullmatch(spec):
        dtype = np.dtype(spec)
    elif type(spec) is list and depth < 8 and len(spec) == 3 and spec[0] == "sub":
        dtype = np.dtype((read_dtype(spec[1], depth + 1), _shape(spec[2])))
    elif type(spec) is list and depth < 8 and 2 < len(spec) < 258 and spec[0] == "fields":
        names, specs, offsets = zip(*spec[2:], strict=True)
        if not all(type(name) is str for name in names):
            raise WireError("not a field name")
        formats = [read_dtype(s, depth + 1) for s in specs]
        layout = {"names": list(names), "formats": formats, "offsets": [_count(o) for o in offsets]}
        dtype = np.dtype({**layout, "itemsize": _count(spec[1])})  # type: ignore[call-overload]
    else:
        raise WireError("not a dtype")
    if dtype.hasobject or dtype.itemsize > 1 << 20:
        raise WireError("not a dtype that may cross")
    return dtype


def _check_payload(array: np.ndarray) -> None:
    """Bytes that are no bool, or no character, would fail later, far from here."""
    if array.dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
        raise WireError("a bool that is neither 0 nor 1")
    if array.dtype.kind == "U" and array.dtype.itemsize:
        points = np.frombuffer(array.tobytes(), array.dtype.byteorder.replace("|", "=") + "u4")
        if points.max(initial=0) > 0x10FFFF:
            raise WireError("a character that does not exist")


def _restride(array: np.ndarray, strides: Tree) -> np.ndarray:
    """The same values in memory laid out by `strides` (in elements): a transpose, a slice, a flip."""
    steps = _strides(strides, array.ndim)
    low, extent = _extent(array.shape, steps)
    base = np.zeros(extent, array.dtype)
    view = np.lib.stride_tricks.as_strided(base[low:], array.shape, [s * array.itemsize for s in steps])
    view[...] = array
    return view


def _restride_tensor(torch: Any, tensor: Any, strides: Tree) -> Any:
    steps = _strides(strides, tensor.dim())
    low, extent = _extent(tuple(tensor.shape), steps)
    if low:
        raise WireError("a tensor has no negative strides")
    shape = tuple(tensor.shape)
    for axis, step in enumerate(steps):
        if step == 0 and shape[axis] > 1:  # an expanded axis: torch refuses to write the same place twice
            tensor = tensor.narrow(axis, 0, 1)
    view = torch.zeros(extent, dtype=tensor.dtype).as_strided(tuple(tensor.shape), steps)
    view.copy_(tensor)
    return view.expand(shape)


def _strides(strides: Tree, ndim: int) -> list[int]:
    if type(strides) is not list or len(strides) != ndim or any(type(s) is not int for s in strides):
        raise WireError("not strides")
    return strides


def _extent(shape: tuple[int, ...], steps: list[int]) -> tuple[int, int]:
    """Elements before the first one, and elements in all, that a strided view spans."""
    if 0 in shape:
        return 0, 1
    low = -sum(min(0, (n - 1) * s) for n, s in zip(shape, steps, strict=True))
    high = sum(max(0, (n - 1) * s) for n, s in zip(shape, steps, strict=True))
    if low + high > MAX_BODY:
        raise WireError("strides that span too much")
    return low, low + high + 1


def _shape(shape: Tree) -> tuple[int, ...]:
    if type(shape) is not list or len(shape) > 64:
        raise WireError("not a shape")
    return tuple(_count(n) for n in shape)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 48:
        raise WireError("not a count")
    return value


def _float(value: Any) -> float:
    if type(value) is not float:
        raise WireError("not a float")
    return value


def pack(tree: Tree) -> bytes:
    try:
        return msgpack.packb(tree, use_bin_type=True, unicode_errors="surrogatepass")  # type: ignore[no-any-return]
    except (ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"too large or too deep: {error}") from None


def unpack(data: bytes | bytearray | memoryview) -> Tree:
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=True, unicode_errors="surrogatepass", max_ext_len=0)
    except Exception as error:  # msgpack raises half a dozen kinds, UnicodeDecodeError and StackError among them
        raise WireError(f"not msgpack: {type(error).__name__}") from None
