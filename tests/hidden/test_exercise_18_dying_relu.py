"""Each docstring is the line the learner reads. The oracle goes through samples and units one by one."""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def sizes(rng, *choices):
    """Different sizes N, H, D, none of them 1."""
    return (int(n) for n in rng.choice(choices or [3, 4, 5, 6, 7], size=3, replace=False))


def dead_columns(z):
    return [max(column) <= 0 for column in z.T.tolist()]


def pre_activation(W, b, x, j):
    return math.fsum([*(float(w) * float(value) for w, value in zip(W[j], x, strict=True)), float(b[j])])


def mixed_units(rng, N, H, dead):
    """(N, H) pre-activations off 0: `dead` of the units are dead, the others are silent on all samples but one."""
    z = -rng.uniform(0.1, 3.0, size=(N, H))
    for j in rng.permutation(H)[dead:]:
        z[rng.integers(N), j] = rng.uniform(0.1, 1.0)
    return z


@points(20)
def test_mask_value(candidate, rng, case):
    """A unit is dead if z <= 0 for every sample; one positive z is enough to be alive."""
    with case("by hand"):
        z = np.array([[-1.0, -1.0, 0.0, 1.0], [-2.0, 3.0, 0.0, 2.0], [-0.5, -9.0, -1.0, 5.0]])
        check_equal("dead_unit_mask(z)", candidate.dead_unit_mask(z), np.array([True, False, True, False]))
    with case("columns of 0 and -0"):
        z = np.array([[0.0, -0.0, 0.0], [0.0, -0.0, -0.0]])
        check_equal("dead_unit_mask(z)", candidate.dead_unit_mask(z), np.array([True, True, True]))
    with case("one z of 1e-30 among large negative ones"):
        z = np.full((4, 4), -50.0)
        z[2, 1], z[0, 3] = 1e-30, 5.0
        check_equal("dead_unit_mask(z)", candidate.dead_unit_mask(z), np.array([True, False, True, False]))
    for _ in range(3):
        N, H, dead = sizes(rng)
        dead %= H
        with case(f"{N} samples, {dead} dead units of {H}"):
            z = mixed_units(rng, N, H, dead)
            got = candidate.dead_unit_mask(z)
            check_equal("dead_unit_mask(z)", got, np.array(dead_columns(z)))
            check_dtype("dead_unit_mask(z)", got, "bool")
    with case("one sample"):
        z = np.array([[2.0, -1.0, 0.0, 3.0]])
        check_equal("dead_unit_mask(z)", candidate.dead_unit_mask(z), np.array([False, True, True, False]))
    with case("one unit, float32"):
        z = np.array([[-1.0], [1e-3], [-4.0]], dtype=np.float32)
        check_equal("dead_unit_mask(z)", candidate.dead_unit_mask(z), np.array([False]))
    with case("a transposed view"):
        z = mixed_units(rng, 6, 4, 2)
        check_equal("dead_unit_mask(z)", candidate.dead_unit_mask(z.T), np.array(dead_columns(z.T)))


@points(15)
def test_fraction(candidate, rng, case):
    """dead_fraction is the share of the units that are dead on X, with z = X W^T + b."""
    with case("by hand"):
        W, b = np.array([[1.0, 0.0], [0.0, -1.0], [1.0, 1.0], [2.0, 2.0]]), np.array([-2.0, 1.0, 0.0, -6.0])
        X = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 1.0]])
        # z: (-1, -1, 3, 0), (0, 0, 3, 0), (-1, 0, 2, -2): the first, second and fourth are dead
        got = candidate.dead_fraction(W, b, X)
        check_close("dead_fraction(W, b, X)", got, 0.75)
        check_type("dead_fraction(W, b, X)", got, float)
    for words, bias in (("a large negative bias kills all", -1e3), ("a large positive bias kills none", 1e3)):
        with case(words):
            N, H, D = sizes(rng)
            W, X = rng.normal(size=(H, D)), rng.normal(size=(N, D))
            check_close("dead_fraction(W, b, X)", candidate.dead_fraction(W, np.full(H, bias), X), float(bias < 0))
    with case("bias 0, Gaussian weights and data"):
        W, b, X = rng.normal(size=(25, 3)), np.zeros(25), rng.normal(size=(6, 3))
        dead = [max(pre_activation(W, b, x, j) for x in X) <= 0 for j in range(25)]
        check_close("dead_fraction(W, b, X)", candidate.dead_fraction(W, b, X), sum(dead) / 25)
    with case("weights and bias 0"):
        check_close("dead_fraction(W, b, X)", candidate.dead_fraction(np.zeros((3, 2)), np.zeros(3), np.eye(2)), 1.0)
    for words, height in (("", 0.4), (", the living ones just so", 1e-3)):
        N, H, D = sizes(rng)
        dead = int(rng.integers(1, H))
        with case(f"{dead} dead units of {H}{words}"):
            W, X = rng.normal(size=(H, D)), rng.normal(size=(N, D))
            top = np.where(rng.permutation(H) < dead, -height, height)
            b = top - np.array([max(pre_activation(W, np.zeros(H), x, j) for x in X) for j in range(H)])
            check_close("dead_fraction(W, b, X)", candidate.dead_fraction(W, b, X), dead / H)
            got = candidate.dead_fraction(*(a.T.copy().T for a in (W, b, X)))
            check_close("dead_fraction of transposed views", got, dead / H)


def derivative(activation, value):
    """act'(value), from exp(-|value|), which never overflows."""
    if activation == "relu":
        return 1.0 if value > 0 else 0.0
    e = math.exp(-abs(value) * (2 if activation == "tanh" else 1))
    return e / (1 + e) ** 2 * (4 if activation == "tanh" else 1)


def shares(z, activation, tol):
    out = []
    for column in z.T.tolist():
        flat = [v <= 0 if activation == "relu" else derivative(activation, v) < tol for v in column]
        out.append(sum(flat) / len(flat))
    return np.array(out)


def clear(z, activation, tol):
    """Move what lies within 1 % of the threshold outwards, so that rounding decides nothing."""
    near = [abs(derivative(activation, v) - tol) < 0.01 * tol for v in z.ravel().tolist()]
    return np.where(np.reshape(near, z.shape), 1.1 * z, z)


@points(20)
def test_saturation(candidate, rng, case):
    """The share of samples with |act'(z)| < tol, unit by unit; for relu the share with z <= 0."""
    with case("by hand"):
        # sigmoid' at 0, +-1.2 and +-3: 0.25, 0.178, 0.045
        z = np.array([[0.0, 1.2, 3.0], [0.0, -1.2, 0.0], [3.0, 1.2, 0.0], [0.0, 0.0, -3.0]])
        got = candidate.saturated_fraction(z, "sigmoid", tol=0.2)
        check_close("saturated_fraction(z, 'sigmoid', 0.2)", got, np.array([0.25, 0.75, 0.5]), dtype=True)
        # tanh' at 0, +-1.2 and +-3: 1, 0.305, 0.0099
        got = candidate.saturated_fraction(z, "tanh", tol=0.2)
        check_close("saturated_fraction(z, 'tanh', 0.2)", got, np.array([0.25, 0.0, 0.5]), dtype=True)
        got = candidate.saturated_fraction(z, "relu", tol=0.2)
        check_close("saturated_fraction(z, 'relu', 0.2)", got, np.array([0.75, 0.5, 0.75]), dtype=True)
    for activation, tols in (
        ("sigmoid", (1e-3, 0.01, 0.1, 0.2)),
        ("tanh", (1e-3, 0.01, 0.2, 0.5)),
        ("relu", (1e-3, 0.5)),
    ):
        for tol in tols:
            N, H, _ = sizes(rng, 5, 7, 9, 12, 20)
            z = clear(rng.normal(scale=(6.0 if tol < 0.05 else 2.0), size=(N, H)), activation, tol)
            with case(f"{activation}, tol {tol:g}"):
                got = candidate.saturated_fraction(z, activation, tol)
                check_close("saturated_fraction(z, activation, tol)", got, shares(z, activation, tol), dtype=True)
        with case(f"{activation}, the default tol"):
            # The derivatives of both are 0.0014 or 0.0015 in column 0, 0.0007 or 0.0008 in column 1.
            near, far = (3.98, 4.3) if activation == "tanh" else (6.5, 7.2)
            z = rng.choice([-1.0, 1.0], size=(6, 3)) * np.array([near, far, 0.5])
            got = candidate.saturated_fraction(z, activation)
            check_close("saturated_fraction(z, activation)", got, shares(z, activation, 1e-3))
        with case(f"{activation}, z of +-1e4"):
            z = np.array([[1e4, -1e4, 0.1], [-1e4, -9.0, -0.1], [1e4, 1e4, -9.0]])
            got = candidate.saturated_fraction(z, activation)
            check_close("saturated_fraction(z, activation)", got, shares(z, activation, 1e-3))
        with case(f"{activation}, float32, a transposed view"):
            z = clear(rng.normal(scale=4.0, size=(4, 7)).astype(np.float32).astype(np.float64), activation, 1e-2)
            got = candidate.saturated_fraction(z.astype(np.float32).T, activation, 1e-2)
            check_close("saturated_fraction(z, activation, tol)", got, shares(z.T, activation, 1e-2), dtype=True)
        with case(f"{activation}, tol 0"):
            z = np.array([[-0.5, 2.0], [0.0, 0.0], [0.7, 0.3], [-0.1, 1.0]])
            got = candidate.saturated_fraction(z, activation, 0.0)
            check_close("saturated_fraction(z, activation, 0)", got, shares(z, activation, 0.0))
        with case(f"{activation}, tol equal to the largest derivative and above it"):
            top = derivative(activation, 0.0) or 1.0  # 1/4, 1 and 1
            z = np.array([[0.0, 2.0, 0.0], [0.0, -2.0, 3.0]])
            for tol in (top, 1.5 * top):
                got = candidate.saturated_fraction(z, activation, tol)
                check_close(f"saturated_fraction(z, activation, {tol:g})", got, shares(z, activation, tol))


def expected_step(W, b, v, X, y, lr, slope):
    """One unit and one sample at a time."""
    (N, D), H = X.shape, len(W)
    z = [[pre_activation(W, b, x, j) for j in range(H)] for x in X]
    gain = [[1.0 if value > 0 else slope for value in row] for row in z]
    errors = [
        math.fsum(g * value * float(w) for g, value, w in zip(gain[n], z[n], v, strict=True)) - float(y[n])
        for n in range(N)
    ]
    dz = [[2 * errors[n] / N * float(v[j]) * gain[n][j] for n in range(N)] for j in range(H)]
    new_w = [
        [float(W[j, d]) - lr * math.fsum(dz[j][n] * float(X[n, d]) for n in range(N)) for d in range(D)]
        for j in range(H)
    ]
    new_b = [float(b[j]) - lr * math.fsum(dz[j]) for j in range(H)]
    return np.array(new_w).astype(W.dtype), np.array(new_b).astype(W.dtype)


def problem(rng, dtype=np.float64):
    """A layer with a dead unit (the first), one that is always on (the second), and others in between.

    No z lies near 0, where rounding would choose the branch.
    """
    while True:
        N, H, D = sizes(rng)
        W, v, X, y = (rng.normal(size=s).astype(dtype) for s in ((H, D), H, (N, D), N))
        z = X @ W.T
        b = -np.median(z, axis=0).astype(dtype) + dtype(0.1)
        b[0], b[1] = -z[:, 0].max() - 0.5, -z[:, 1].min() + 0.5
        if np.abs(z + b).min() > 1e-3:
            return W, b, v, X, y


def step(candidate, *args, **options):
    return unpack("sgd_step_one_layer(...)", candidate.sgd_step_one_layer(*args, **options), 2)


def check_step(candidate, W, b, v, X, y, lr, slope=0.0, given=True):
    """One step against the oracle; returns what the oracle says."""
    expected = expected_step(W, b, v, X, y, lr, slope)
    options = {"negative_slope": slope} if given else {}
    result = candidate.sgd_step_one_layer(W, b, v, X, y, lr=lr, **options)
    new_w, new_b = unpack("sgd_step_one_layer(...)", result, 2)
    check_close("the new W", new_w, expected[0], dtype=True)
    check_close("the new b", new_b, expected[1], dtype=True)
    return expected


@points(25)
def test_step_value(candidate, rng, case):
    """One step of gradient descent on the mean squared error moves W and b as the chain rule says."""
    with case("by hand"):
        W, b, v = np.array([[1.0], [-1.0]]), np.array([0.0, 1.0]), np.array([1.0, 2.0])
        X, y = np.array([[1.0], [2.0]]), np.array([0.0, 3.0])
        # z = (1, 0), (2, -1); with slope 1/2 the outputs are 1 and 2 - 1 = 1, the errors 1 and -2.
        # dL/dz = 2 / 2 error v act' = (1, 1), (-2, -2): dW = (1 - 4, 1 - 4), db = (1 - 2, 1 - 2)
        result = candidate.sgd_step_one_layer(W, b, v, X, y, 0.1, 0.5)
        new_w, new_b = unpack("sgd_step_one_layer(...)", result, 2)
        check_close("the new W", new_w, np.array([[1.3], [-0.7]]))
        check_close("the new b", new_b, np.array([0.1, 1.1]))
    for slope in (0.0, 0.01, 0.3, 1.0, -0.5):
        for _ in range(2):
            with case(f"slope {slope:g}"):
                check_step(candidate, *problem(rng), float(rng.uniform(0.05, 0.5)), slope)
    with case("the default slope is 0"):
        check_step(candidate, *problem(rng), 0.2, given=False)
    with case("z of exactly 0: the derivative is the slope"):
        for slope in (0.0, 0.4):
            W, b, v, X, y = problem(rng)
            W[1], b[1] = 0.0, 0.0
            check_step(candidate, W, b, v, X, y, 0.2, slope)
    with case("several steps, on one sample each"):
        W, b, v, X, y = problem(rng)
        for n in range(3):
            W, b = check_step(candidate, W, b, v, X[n : n + 1], y[n : n + 1], 0.05, 0.2)
    with case("float32"):
        check_step(candidate, *problem(rng, np.float32), 0.1, 0.25)
    with case("transposed views"):
        W, b, v, X, y = problem(rng)
        check_step(candidate, W.T.copy().T, b, v, X.T.copy().T, y, 0.1, 0.1)


def walk(m, W, b, v, X, y, lr, slope, steps):  # runs in the candidate
    trace = []
    for _ in range(steps):
        W, b = m.sgd_step_one_layer(W, b, v, X, y, lr, slope)
        trace.append((W.copy(), b.copy()))
    return trace


def walked(candidate, *args):
    """(W, b) after every step."""
    trace = candidate.run(walk, *args)
    for W, b in trace:
        check_shape("the new W", W, args[0].shape)
        check_shape("the new b", b, args[1].shape)
    return trace


@points(10)
def test_dead_stays_dead(candidate, rng, case):
    """With slope 0 nothing moves a dead unit, in 50 steps; with slope 0.01 dead units move and come alive."""
    v, y = np.ones(8), np.full(64, 10.0)
    with case("slope 0, 50 steps with lr 0.1"):
        W, b, X = 0.1 * rng.normal(size=(8, 4)), np.full(8, -1.0), rng.normal(size=(64, 4))
        W[:4] *= 0.5
        dead = np.array(dead_columns(X @ W.T + b))
        still(walked(candidate, W, b, v, X, y, 0.1, 0.0, 50), W, b, dead)
    with case("slope 0, half of the units alive"):
        W, X = rng.normal(size=(8, 4)), rng.normal(size=(64, 4))
        z = X @ W.T
        dead = rng.permutation(8) < 4
        b = np.where(dead, -z.max(axis=0) - rng.uniform(0.1, 1.0, size=8), 0.0)
        still(walked(candidate, W, b, v, X, y, 0.001, 0.0, 20), W, b, dead)
    with case("slope 0.01, 50 steps with lr 0.1"):
        # All units start dead, by 0.05 only. An output far below its target raises every b by 0.02 in each step, and
        # with |w| = 0.2 no unit needs more than 1. (Where some unit starts alive, or at the end of the run, this
        # need not be so: once alive, units overshoot at this rate and may push each other down again.)
        W, X = rng.normal(size=(8, 4)), rng.normal(size=(64, 4))
        W *= 0.2 / np.linalg.norm(W, axis=1, keepdims=True)
        b = -(X @ W.T).max(axis=0) - 0.05
        trace = walked(candidate, W, b, v, X, y, 0.1, 0.01, 50)
        check(
            (trace[0][0] != W).all() and (trace[0][1] != b).all(), "With slope 0.01 W and b of dead units should move."
        )
        alive = any((X @ new_w.T + new_b > 0).any() for new_w, new_b in trace)
        check(alive, "With slope 0.01 every unit was dead after each of 50 steps; the first should come alive.")


def still(trace, W, b, dead):
    for t, (new_w, new_b) in enumerate(trace, 1):
        same = (new_w[dead] == W[dead]).all() and (new_b[dead] == b[dead]).all()
        check(same, f"After step {t} with slope 0 a dead unit's row of W, or its b, is not what it was.")


@points(10)
def test_errors_purity(candidate, rng, case):
    """Shapes that do not fit, a negative tol and an unknown activation raise ValueError; inputs stay as they are."""
    W, b, v, X, y = problem(rng)
    (N, D), H = X.shape, len(W)
    for words, z in (("1-d", np.ones(3)), ("3-d", np.ones((2, 3, 4)))):
        with case(f"z is {words}, dead_unit_mask"), check_raises(ValueError, f"a {words} z"):
            candidate.dead_unit_mask(z)
        for activation in ("sigmoid", "tanh", "relu"):
            with case(f"z is {words}, {activation}"), check_raises(ValueError, f"a {words} z"):
                candidate.saturated_fraction(z, activation)
    for activation in ("sigmoid", "tanh", "relu"):
        with case(f"{activation}, tol -0.001"), check_raises(ValueError, "tol=-0.001"):
            candidate.saturated_fraction(np.ones((2, 3)), activation, tol=-1e-3)
    for activation in ("ReLU", "gelu", ""):
        with case(f"activation {activation!r}"), check_raises(ValueError, f"activation={activation!r}"):
            candidate.saturated_fraction(np.ones((2, 3)), activation)
    for words, changed in (
        (f"W {(H, D)}, b {(1,)}", {"b": b[:1]}),
        (f"W {(H, D)}, b {(H - 1,)}", {"b": b[1:]}),
        (f"W {(H, D)}, X {(N, D - 1)}", {"X": X[:, 1:]}),
        (f"W {(H, D - 1)}, X {(N, D)}", {"W": W[:, 1:]}),
        (f"W {(H, D)}, v {(1,)}", {"v": v[:1]}),
        (f"W {(H, D)}, v {(H - 1,)}", {"v": v[1:]}),
        (f"X {(N, D)}, y {(1,)}", {"y": y[:1]}),
        (f"X {(N, D)}, y {(N - 1,)}", {"y": y[1:]}),
        (f"X {(N, D)}, y {(N, 1)}", {"y": y[:, None]}),
    ):
        args = {"W": W, "b": b, "v": v, "X": X, "y": y, **changed}
        with case(f"sgd_step_one_layer: {words}"), check_raises(ValueError, words):
            candidate.sgd_step_one_layer(*args.values(), 0.1)
        if not {"v", "y"} & set(changed):
            with case(f"dead_fraction: {words}"), check_raises(ValueError, words):
                candidate.dead_fraction(args["W"], args["b"], args["X"])
    words = f"X {(1, D)}, v {(H, 1)}"
    with case(f"sgd_step_one_layer: {words}"), check_raises(ValueError, words):
        candidate.sgd_step_one_layer(W, b, v[:, None], X[:1], y[:1], 0.1)
    with case("dead_unit_mask and saturated_fraction leave z as it is"):
        z = rng.normal(size=(4, 3))
        candidate.dead_unit_mask(z)
        for activation in ("sigmoid", "tanh", "relu"):
            candidate.saturated_fraction(z, activation)
        check_pure(candidate, "z")
    with case("dead_fraction and sgd_step_one_layer leave their arguments as they are"):
        candidate.dead_fraction(W, b, X)
        for slope in (0.0, 0.01):
            candidate.sgd_step_one_layer(W, b, v, X, y, 0.1, slope)
            check_fresh(candidate, "W", "b", "v", "X", "y")
        candidate.sgd_step_one_layer(W, np.full(H, -1e3), v, X, y, 0.1)  # all dead: nothing to change
        check_fresh(candidate, "W", "b", "v", "X", "y")
        check_pure(candidate, "W", "b", "v", "X", "y")
