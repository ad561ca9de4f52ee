"""A submission behind the wire: calls, handles, callbacks, generators, in-place changes, exceptions, probes, gradients.

Every test runs against a real candidate process and against the worker in this process: they must agree.
"""

import math

import numpy as np
import pytest
import torch

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.candidate.proxy import (
    CandidateDied,
    CandidateProxy,
    Handle,
    LearnerError,
    LocalLink,
    ProcessLink,
    Session,
    Submission,
)
from dlkit.grader.compare import Mismatch, check_pure
from dlkit.grader.plugin import CheckGenerator
from dlkit.grader.sandbox import start

LIMITS = Limits(call_seconds=8.0, total_seconds=60.0)
SOURCE = """
import numpy as np
import torch

def double(x): return 2 * x
def give(x): return x
def add_in_place(x): x += 1
def fill_list(values): values.append(3); values[0][...] = 9
def fill_dict(d): d["new"] = np.ones(2); d["a"] *= 2
def draw(rng): return rng.normal(size=3)
def torch_draw(generator): return torch.rand(3, generator=generator)
def sgd(param, lr):
    with torch.no_grad():
        param -= lr * param.grad
def apply(f, x): return f(x) + f(x + 1)
def apply_twice(f, x): return f(lambda y: 2 * y, x)
def walk(env, steps):
    state, total = env.reset(), 0.0
    for _ in range(steps):
        state, reward = env.step(action=1)
        total += reward
    return state, total, env.size
def swallow(f):
    try:
        f()
    except BaseException:
        pass
    return "fine"
def fail(kind, text): raise kind(text)
def custom():
    class Odd(ValueError, KeyError):
        pass
    raise Odd("odd")
def bad_str():
    class Bad(Exception):
        def __str__(self): raise RuntimeError
    raise Bad
def leave(): raise SystemExit(3)
def shout(text): print(text); return None
def view(x): return x[1:]
def both(x): return [x, x]
def layers(): return [Layer(2), Layer(3)]
def counting():
    n = 0
    while n < 5:
        yield n
        n += 1
def square_sum(x, w): return (w * x ** 2).sum(dim=-1)
def detached(x): return x.detach() * 2
def overflow(x): return np.exp(x)
LIMIT = 7

class Layer:
    kinds = ("dense",)
    def __init__(self, size, scale=1.0): self.weight, self.calls = np.ones((size, 2)) * scale, 0
    def forward(self, x): self.calls += 1; return self.weight @ x
    def __call__(self, x): return self.forward(x)
    def __getitem__(self, i): return self.weight[i]
    def __len__(self): return len(self.weight)
    def __iter__(self): return iter(self.weight.tolist())
    @classmethod
    def of_zeros(cls, size): return cls(size, 0.0)

def run_layer(layer, x): return layer.forward(x)
"""


@pytest.fixture(scope="module")
def parent():
    with start("auto", ["numpy", "torch"]) as parent:
        yield parent


@pytest.fixture(params=["process", "here"])
def session(request, parent):
    def open_link():
        return ProcessLink(parent.spawn(LIMITS), LIMITS) if request.param == "process" else LocalLink()

    submission = Submission((("answer.py", SOURCE),), "answer", ("double", "Layer", "missing"))
    session = Session(submission, open_link, LIMITS, seed=5)
    session.load()
    yield session
    session.close()


@pytest.fixture
def m(session):
    return CandidateProxy(session)


def test_loading_names_what_is_there(session):
    assert session.names == {"double": "function", "Layer": "class"}
    assert session.errors == []


def test_arrays_go_over_and_come_back(m):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    y = m.double(x)
    assert y.dtype == np.float32
    assert (y == 2 * x).all()
    assert m.double(3) == 6
    assert m.LIMIT.value() == 7


def test_keyword_arguments_and_defaults(m):
    assert m.Layer(2, scale=3.0).weight.tolist() == [[3.0, 3.0]] * 2
    assert m.Layer.of_zeros(1).weight.tolist() == [[0.0, 0.0]]


def test_in_place_changes_come_back(m):
    x = np.zeros((4, 4))
    m.add_in_place(x)
    assert x.sum() == 0  # an oracle that is asked later must be asked about our inputs
    with m.in_place():
        m.add_in_place(x[::2, 1:3])
    assert x[::2, 1:3].tolist() == [[1.0, 1.0]] * 2
    assert x.sum() == 4
    values, d = [np.zeros(2)], {"a": np.ones(2)}
    inner, a = values[0], d["a"]
    with m.in_place():
        m.fill_list(values)
        m.fill_dict(d)
    assert values[1] == 3
    assert values[0] is inner
    assert inner.tolist() == [9.0, 9.0]
    assert d["a"] is a
    assert a.tolist() == [2.0, 2.0]
    assert d["new"].tolist() == [1.0, 1.0]
    assert m.calls[-1].changed.keys() == {0}


def test_unchanged_arguments_are_not_reported(m):
    m.double(np.array([math.nan, 1.0]))
    assert m.calls[-1].changed == {}


def test_read_only_input_cannot_be_changed(m):
    x = np.zeros(3)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        m.add_in_place(x)
    assert x.tolist() == [0, 0, 0]


def test_aliases_are_seen(m):
    x = np.arange(4.0)
    m.view(x)
    assert m.calls[-1].aliases == [0]
    m.double(x)
    assert m.calls[-1].aliases == []
    a, b = m.both(x)
    assert a is b


def test_generators_advance_in_the_test_too(m):
    rng, twin = np.random.default_rng(3), np.random.default_rng(3)
    assert (m.draw(rng) == twin.normal(size=3)).all()
    assert rng.random() == twin.random()
    generator, torch_twin = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    assert torch.equal(m.torch_draw(generator), torch.rand(3, generator=torch_twin))
    assert torch.equal(torch.rand(2, generator=generator), torch.rand(2, generator=torch_twin))


def test_tensors_in_place_with_grad(m):
    param = torch.tensor([1.0, 2.0], requires_grad=True)
    param.grad = torch.tensor([10.0, 10.0])
    with m.in_place():
        m.sgd(param, 0.1)
    assert param.tolist() == [0.0, 1.0]
    assert param.requires_grad


def test_handles(m):
    layer = m.Layer(2)
    assert isinstance(layer, Handle)
    assert repr(layer) == "<Layer object of the submission>"
    assert layer.forward(np.array([1.0, 2.0])).tolist() == [3.0, 3.0]
    assert layer(np.array([1.0, 0.0])).tolist() == [1.0, 1.0]
    assert layer.calls == 2
    assert layer[1].tolist() == [1.0, 1.0]
    assert len(layer) == 2
    assert list(layer) == [[1.0, 1.0], [1.0, 1.0]]
    layer.weight = np.zeros((3, 2))
    assert len(layer) == 3
    assert m.run_layer(layer, np.ones(2)).tolist() == [0.0, 0.0, 0.0]
    first, second = m.layers()
    assert (len(first), len(second)) == (2, 3)
    assert layer.kinds == ("dense",)
    with pytest.raises(AttributeError):
        layer.nothing  # noqa: B018


def test_generator_objects_can_be_listed(m):
    assert list(m.counting()) == [0, 1, 2, 3, 4]


def test_callbacks(m):
    seen = []

    def f(x):
        seen.append(x)
        return 10 * x

    assert m.apply(f, 1.0) == 30.0
    assert seen == [1.0, 2.0]


def test_a_callback_may_call_the_learners_function_back(m):
    assert m.apply_twice(lambda g, x: g(x) + 1, 4) == 9


def test_objects_of_the_test(m):
    class Chain:
        size = 9
        _secret = 1

        def __init__(self):
            self.at = 0

        def reset(self):
            self.at = 0
            return self.at

        def step(self, action):
            self.at += action
            return self.at, 0.5

    chain = Chain()
    assert m.walk(chain, 3) == (3, 1.5, 9)
    assert chain.at == 3


def test_private_attributes_of_the_tests_objects_stay_private(m):
    class Guarded:
        _answer = 42

    assert m.run(_peek, Guarded()) == ["hidden", "hidden"]


def _peek(m, obj):
    found = []
    try:
        found.append(obj._answer)
    except AttributeError:
        found.append("hidden")
    number, _, _, call = obj.__dict__["_dlkit"]
    try:
        found.append(call(number, "._answer", (), {}))
    except AttributeError:
        found.append("hidden")
    return found


def test_an_assertion_in_a_callback_fails_the_check_even_if_swallowed(m):
    def f():
        raise AssertionError("stepped after the end")

    with pytest.raises(AssertionError, match="stepped after the end"):
        m.swallow(f)


def test_exceptions_keep_their_type(m):
    for kind in (ValueError, TypeError, KeyError, IndexError, RuntimeError, ZeroDivisionError, NotImplementedError):
        name = kind.__name__
        with pytest.raises(kind) as caught:
            m.run(_raise, name, "because")
        assert isinstance(caught.value, LearnerError)
        assert caught.value.types[0] == name
    with pytest.raises(ValueError, match="odd") as caught:
        m.custom()
    assert isinstance(caught.value, KeyError)
    assert caught.value.frames[-1]["code"] == 'raise Odd("odd")'
    assert caught.value.frames[-1]["line"] == SOURCE.splitlines().index('    raise Odd("odd")') + 1


def _raise(m, name, text):
    m.fail({k.__name__: k for k in _all(Exception)}[name], text)


def _all(kind):
    return [kind, *(k for s in kind.__subclasses__() for k in _all(s))]


def test_strange_exceptions(m):
    with pytest.raises(LearnerError, match="could not be made"):
        m.bad_str()
    with pytest.raises(LearnerError, match="your code ended the program"):
        m.leave()
    with pytest.raises(TypeError) as caught:
        m.double(1, 2)
    assert caught.value.signature == "double(x)"


def test_probes(m):
    x = np.arange(3.0)
    assert m.run(_chain, x, power=FACTOR) == {"value": [0.0, 1.0, 8.0], "kind": "float64", "helped": 4.0}
    with pytest.raises(TypeError, match="variables of the test"):
        m.run(lambda m: x)


FACTOR = 3


def _chain(m, x, power):
    return {"value": (m.give(x) ** power).tolist(), "kind": np.asarray(x).dtype.name, "helped": _helper(x)}


def _helper(x):
    return math.sqrt(16) if FACTOR == 3 else 0


def test_gradients(m):
    x, w = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([5.0, 6.0])
    result, (dx, dw) = m.grad("square_sum", x, w, wrt=(0, 1), cotangent=torch.tensor([1.0, 10.0]))
    assert result.tolist() == [29.0, 141.0]  # 5*1 + 6*4, 5*9 + 6*16
    assert dx.tolist() == [[10.0, 24.0], [300.0, 480.0]]  # 2 w x, times 1 and 10
    assert dw.tolist() == [91.0, 164.0]  # 1 + 10*9, 4 + 10*16
    with pytest.raises(RuntimeError, match="carries no graph"):
        m.grad("detached", x)


def test_strict_makes_warnings_raise(m):
    with np.errstate(all="ignore"):
        assert m.overflow(1e4) == math.inf
    with m.strict(), pytest.raises(FloatingPointError):
        m.overflow(1e4)


def test_global_generators_start_the_same_with_the_same_seed(parent):
    def first_draws(seed):
        session = Session(
            Submission((("a.py", "import numpy as np, random\ndef f(): return np.random.rand(), random.random()"),), "a"),
            lambda: ProcessLink(parent.spawn(LIMITS), LIMITS), LIMITS, seed,
        )  # fmt: skip
        try:
            return CandidateProxy(session).f()
        finally:
            session.close()

    assert first_draws(1) == first_draws(1)
    assert first_draws(1) != first_draws(2)


# What only a process can do


@pytest.fixture
def process(parent):
    sessions = []

    def load(source, limits=LIMITS):
        session = Session(
            Submission((("answer.py", source),), "answer"), lambda: ProcessLink(parent.spawn(limits), limits), limits, 1
        )
        sessions.append(session)
        return session, CandidateProxy(session)

    yield load
    for session in sessions:
        session.close()


def test_prints_are_captured_cut_and_complete_before_the_answer(process):
    session, m = process(
        "import os, sys\ndef say(n):\n print('a' * n)\n print('end', file=sys.stderr)\n os.write(1, b'raw')\n return 1"
    )
    m.say(3)
    assert session.collect_output() == "aaa\nend\nraw"
    m.say(20_000_000)
    text = session.collect_output()
    assert len(text) < 70_000
    assert "more bytes were not kept" in text


def test_a_crash_costs_one_call(process):
    session, m = process(
        "import os, ctypes\ndef die(): os._exit(3)\ndef segv(): ctypes.string_at(0)\ndef live(): return 'yes'"
    )
    assert m.live() == "yes"
    with pytest.raises(CandidateDied, match=r"exit status 3"):
        m.die()
    assert m.live() == "yes"
    with pytest.raises(CandidateDied, match="segmentation fault"):
        m.segv()
    assert m.live() == "yes"
    assert session.deaths == ["crashed", "crashed"]


def test_a_handle_of_a_dead_candidate_is_refused(process):
    _, m = process("import os\nclass A:\n  def f(self): return 1\ndef die(): os._exit(0)")
    a = m.A()
    assert a.f() == 1
    with pytest.raises(CandidateDied):
        m.die()
    with pytest.raises(Exception, match=r"lost when your code crashed|no attribute|not a value|KeyError"):
        a.f()


def test_time_per_call_and_per_submission(process):
    limits = Limits(call_seconds=0.3, total_seconds=1.0)
    session, m = process("import time\ndef sleep(s): time.sleep(s); return s", limits)
    assert m.sleep(0.01) == 0.01
    with pytest.raises(CandidateDied, match=r"no answer within 0\.3 s"):
        m.sleep(60)
    fresh = CandidateProxy(session)
    with pytest.raises(CandidateDied, match=r"s for one submission are used up|no answer within"):
        use_up(fresh)
    assert "timeout" in session.deaths


def use_up(candidate):
    for _ in range(9):
        candidate.sleep(0.2)


def test_memory_is_limited(process):
    limits = Limits(memory=256 << 20)
    session, m = process("def grow(mib): return len(bytearray(mib << 20))", limits)
    assert m.grow(10) == 10 << 20
    with pytest.raises(LearnerError, match=r"MemoryError.*256 MiB"):
        m.grow(2000)
    assert m.grow(10) == 10 << 20
    assert session.deaths == ["out_of_memory"]


def test_a_submission_sees_no_state_of_another(process):
    _, first = process(
        "import numpy\nnumpy.secret = 5\nimport builtins\nbuiltins.abs = lambda x: 99\ndef f(): return 1"
    )
    assert first.f() == 1
    _, second = process("import numpy\ndef f(): return hasattr(numpy, 'secret'), abs(-1)")
    assert second.f() == (False, 1)


def test_the_checks_own_generator_is_not_sent(m):
    """Its state would come back as the submission wants it, and later inputs with it."""
    with pytest.raises(TypeError, match="default_rng"):
        m.draw(CheckGenerator(np.random.PCG64(3)))


def test_a_handle_is_no_array(m):
    with pytest.raises(AssertionError, match="`Layer object`, expected an array"):
        np.asarray(m.Layer(2))


def test_a_handle_does_not_outlive_the_grading(m):
    layer = m.Layer(2)
    m.session.close()
    with pytest.raises(CandidateDied, match="over"):
        len(layer)


def test_results_beyond_what_is_kept_are_dropped(m, monkeypatch):
    monkeypatch.setattr("dlkit.grader.candidate.proxy.MAX_KEPT", 100)
    first, second = m.double(np.ones(10)), m.double(np.ones(10))
    assert first.tolist() == second.tolist() == [2.0] * 10  # the check has them all
    assert [c.dropped for c in m.calls] == [False, True]
    assert m.calls[1].result is None


def test_purity_is_that_of_the_case(m):
    """What an earlier case's function did is not a later one's fault."""
    m.case = "first"
    m.add_in_place(np.zeros(2))
    m.case = "second"
    m.double(np.zeros(2))
    check_pure(m, "x")
    m.case = None
    with pytest.raises(Mismatch, match="add_in_place modified its input `x`"):
        check_pure(m, "x")


def warn(m):
    import warnings

    warnings.warn("from the check", stacklevel=1)  # a line of the check


def test_a_warning_in_a_probe_shows_no_line_of_it(m):
    if not isinstance(m.session._link, ProcessLink):
        pytest.skip("warnings in this process are pytest's")
    m.run(warn)
    assert "UserWarning: from the check" in m.session.output
    assert "a line of the check" not in m.session.output
