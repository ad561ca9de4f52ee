"""Answers people really give. Each must fail exactly the checks it names."""

from itertools import combinations

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_29_newton_method import classify_stationary as right_label
from dlkit.solutions.exercise_29_newton_method import hessian_vector_product as right_product
from dlkit.solutions.exercise_29_newton_method import newton_minimize as right_path
from dlkit.solutions.exercise_29_newton_method import newton_step as right_step
from dlkit.solutions.exercise_29_newton_method import numerical_hessian as right_hessian
from dlkit.solutions.exercise_29_newton_method import violates_convexity as right_verdict

STEPS = ("newton_step", "newton_minimize")


def _shapes(grad, hess):
    if hess.shape != grad.shape * 2:
        raise ValueError("grad is (D,), hess is (D, D)")


def _with(step):
    """newton_step and newton_minimize with another step."""

    def newton_step(grad, hess, damping=0.0):
        _shapes(grad, hess)
        return step(grad, hess, damping)

    def newton_minimize(f, grad_f, hess_f, x0, steps, damping=0.0):
        path = [x0]
        for _ in range(steps):
            path.append(path[-1] + newton_step(grad_f(path[-1]), hess_f(path[-1]), damping))
        return np.stack(path)

    return map(staticmethod, (newton_step, newton_minimize))


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def hessian_forward(f, x, h=1e-4):
    """One-sided second differences have an error of O(h): use the central formula, its error is O(h^2)."""
    e = h * np.eye(len(x))
    one = np.array([f(x + a) for a in e])
    two = np.array([[f(x + a + b) for a in e] for b in e])
    return (two - one - one[:, None] + f(x)) / h**2


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def h_too_small(f, x, h=1e-4):
    """With h = 1e-8 the differences drown in rounding, for it is divided by h^2: use about 1e-4."""
    return right_hessian(f, x, 1e-8 if h == 1e-4 else h)


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def diagonal_twice_as_wide(f, x, h=1e-4):
    """Differences of differences step 2h on the diagonal: use f(x + h) - 2 f(x) + f(x - h) there."""
    H = right_hessian(f, x, h)
    np.fill_diagonal(H, right_hessian(f, x, 2 * h).diagonal())
    return H


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def mixed_over_h_squared(f, x, h=1e-4):
    """The four-point formula spans 2h both ways: divide by 4 h^2, not by h^2."""
    H = 4 * right_hessian(f, x, h)
    np.fill_diagonal(H, H.diagonal() / 4)
    return H


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def mixed_entries_missing(f, x, h=1e-4):
    """The Hessian is a full matrix: the mixed second derivatives are missing."""
    return np.diag(right_hessian(f, x, h).diagonal())


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def triangle_only(f, x, h=1e-4):
    """The Hessian is symmetric: fill both triangles."""
    return np.tril(right_hessian(f, x, h))


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def dtype_of_x(f, x, h=1e-4):
    """In float32 (or integers) a shift by 1e-4 is badly rounded or lost: evaluate in float64."""
    return right_hessian(lambda p: f(p.astype(x.dtype)), x, h)


@wrong(replaces="numerical_hessian", fails=["hessian_value"])
def shifts_in_place(f, x, h=1e-4):
    """`x[i] += h` changes the caller's array, and `x[i] -= h` need not restore it: shift a copy."""
    H = right_hessian(f, x, h)
    x += x.dtype.type(h)
    return H


@wrong(replaces=STEPS, fails=["saddle_attraction", "errors"])
class damping_scales:
    """Damping adds damping*I: scaling the diagonal cannot repair a zero or negative one."""

    newton_step, newton_minimize = _with(lambda g, H, d: right_step(g, H + d * np.diag(H.diagonal())))


@wrong(replaces=STEPS, fails=["one_step_quadratic", "quadratic_convergence", "saddle_attraction"])
class step_sign:
    """The step to add is minus H^{-1}g."""

    newton_step, newton_minimize = _with(lambda g, H, d: -right_step(g, H, d))


@wrong(replaces=STEPS, fails=["saddle_attraction", "errors"])
class newton_always_descends:
    """With negative curvature Newton moves toward saddles or maxima: damp the Hessian."""

    newton_step, newton_minimize = _with(lambda g, H, d: right_step(g, H))


@wrong(replaces=STEPS, fails=["saddle_attraction", "errors"])
class damping_subtracted:
    """Damping is to make the eigenvalues larger: add damping * I, do not subtract it."""

    newton_step, newton_minimize = _with(lambda g, H, d: right_step(g, H, -d))


@wrong(replaces=STEPS, fails=["saddle_attraction", "errors"])
class damping_everywhere:
    """H + damping adds the number to EVERY entry: add damping * I, to the diagonal only."""

    newton_step, newton_minimize = _with(lambda g, H, d: right_step(g, H + d))


@wrong(replaces=STEPS, fails=["saddle_attraction", "errors"])
class damping_shortens:
    """Damping is no learning rate: it goes into the matrix, H + damping * I, and changes the direction too."""

    newton_step, newton_minimize = _with(lambda g, H, d: right_step(g, H) / (1 + d))


@wrong(replaces=STEPS, fails=["one_step_quadratic", "quadratic_convergence", "saddle_attraction", "errors"])
class jitter:
    """A small number added to the diagonal unasked spoils the step and hides a singular Hessian."""

    newton_step, newton_minimize = _with(lambda g, H, d: right_step(g, H, d + 1e-6))


@wrong(replaces=STEPS, fails=["one_step_quadratic", "quadratic_convergence", "saddle_attraction"])
class diagonal_newton:
    """Dividing by the diagonal ignores the mixed derivatives: solve with the whole matrix."""

    def _step(g, H, d):
        right_step(g, H, d)
        return -g / (H.diagonal() + H.dtype.type(d))

    newton_step, newton_minimize = _with(_step)


@wrong(replaces=STEPS, fails=["one_step_quadratic"])
class float64_out:
    """float32 inputs should give float32 results: np.eye(D) is float64, so give it the Hessian's dtype."""

    newton_step, newton_minimize = _with(lambda g, H, d: right_step(g, H + d * np.eye(len(g))))


@wrong(replaces=STEPS, fails=["errors"])
class least_squares:
    """A singular Hessian has no Newton step: least squares makes one up without a word; raise ValueError."""

    newton_step, newton_minimize = _with(
        lambda g, H, d: -np.linalg.lstsq(H + d * np.eye(len(g), dtype=H.dtype), g, rcond=None)[0]
    )


@wrong(replaces="newton_step", fails=["errors"])
def column_gradient(grad, hess, damping=0.0):
    """np.linalg.solve takes a gradient of shape (D, 1) as a matrix: check the shapes yourself."""
    return -np.linalg.solve(hess + damping * np.eye(len(hess), dtype=hess.dtype), grad)


@wrong(replaces="newton_minimize", fails=["quadratic_convergence"])
def frozen_hessian(f, grad_f, hess_f, x0, steps, damping=0.0):
    """The Hessian changes with x: take it at the current point, or the errors no longer square."""
    return right_path(f, grad_f, lambda x: hess_f(x0), x0, steps, damping)


@wrong(replaces="newton_minimize", fails=["saddle_attraction"])
def damping_not_passed_on(f, grad_f, hess_f, x0, steps, damping=0.0):
    """`damping` has no effect on newton_minimize: pass it on to every step."""
    return right_path(f, grad_f, hess_f, x0, steps)


@wrong(replaces="newton_minimize", fails=["one_step_quadratic", "quadratic_convergence", "saddle_attraction"])
def last_only(f, grad_f, hess_f, x0, steps, damping=0.0):
    """Return the whole path, (steps + 1, D), not only the last point."""
    return right_path(f, grad_f, hess_f, x0, steps, damping)[-1].copy()


@wrong(replaces="newton_minimize", fails=["one_step_quadratic", "quadratic_convergence", "saddle_attraction"])
def start_left_out(f, grad_f, hess_f, x0, steps, damping=0.0):
    """The first row is x0 itself: steps + 1 rows."""
    return right_path(f, grad_f, hess_f, x0, steps, damping)[1:]


@wrong(replaces="newton_minimize", fails=["one_step_quadratic", "quadratic_convergence", "saddle_attraction"])
def same_array_collected(f, grad_f, hess_f, x0, steps, damping=0.0):
    """All rows are the last point: `x += …` changes the array that is in the list already; collect copies."""
    path = right_path(f, grad_f, hess_f, x0, steps, damping)
    return np.stack([path[-1]] * len(path))


@wrong(replaces="newton_minimize", fails=["one_step_quadratic"])
def inplace_x0(f, grad_f, hess_f, x0, steps, damping=0.0):
    """`x0 += …` changes the caller's start: work on a copy."""
    path = right_path(f, grad_f, hess_f, x0, steps, damping)
    x0[...] = path[-1]
    return path


@wrong(replaces="newton_minimize", fails=["one_step_quadratic"])
def start_returned(f, grad_f, hess_f, x0, steps, damping=0.0):
    """With steps = 0 you return a view of the caller's own x0: return a new array."""
    return x0[None] if steps == 0 else right_path(f, grad_f, hess_f, x0, steps, damping)


@wrong(replaces="hessian_vector_product", fails=["hvp"])
def hvp_forward(grad_f, x, v, h=1e-5):
    """The one-sided difference has an error of O(h): use grad_f(x + h v) - grad_f(x - h v) over 2h."""
    right_product(lambda p: p, x, v)
    return (grad_f(x + h * v.astype(np.float64)) - grad_f(x.astype(np.float64))) / h


@wrong(replaces="hessian_vector_product", fails=["hvp"])
def hvp_over_h(grad_f, x, v, h=1e-5):
    """From x - h v to x + h v it is 2h: divide by 2h."""
    return 2 * right_product(grad_f, x, v, h)


@wrong(replaces="hessian_vector_product", fails=["hvp"])
def hvp_builds_hessian(grad_f, x, v, h=1e-5):
    """No D x D matrix is needed: difference the gradient once, along v, at the cost of two gradients."""
    right_product(lambda p: p, x, v)
    return np.stack([right_product(grad_f, x, e, h) for e in np.eye(len(x))]).T @ v


@wrong(replaces="hessian_vector_product", fails=["hvp"])
def hvp_unit_direction(grad_f, x, v, h=1e-5):
    """H v grows with v: if you step along v / |v|, multiply by |v| again."""
    return right_product(grad_f, x, v / max(np.linalg.norm(v), 1e-300), h)


@wrong(replaces="hessian_vector_product", fails=["hvp"])
def hvp_single_precision(grad_f, x, v, h=1e-5):
    """In float32 a shift by 1e-5 v is badly rounded: evaluate the gradients in float64."""
    dtype = np.result_type(x, v, h)
    return right_product(lambda p: grad_f(p.astype(dtype)), x, v, h)


@wrong(replaces="hessian_vector_product", fails=["errors"])
def hvp_shapes_unchecked(grad_f, x, v, h=1e-5):
    """v of shape (1,) or (D, 1) broadcasts against x without a word: raise ValueError."""
    step = h * v.astype(np.float64)
    return (grad_f(x + step) - grad_f(x - step)) / (2 * h)


@wrong(replaces="classify_stationary", fails=["classify"])
def boundary_counts_as_sign(hess, tol=1e-8):
    """An eigenvalue of exactly tol counts as zero: |lambda| <= tol."""
    return right_label(hess, np.nextafter(tol, 0.0))


@wrong(replaces="classify_stationary", fails=["classify"])
def tol_ignored(hess, tol=1e-8):
    """An eigenvalue of 1e-10 is rounding: count |lambda| <= tol as zero."""
    return right_label(hess, 0.0)


@wrong(replaces="classify_stationary", fails=["classify"])
def degenerate_first(hess, tol=1e-8):
    """One positive and one negative eigenvalue make a saddle, whatever a third one is: look for that first."""
    return "degenerate" if (np.abs(np.linalg.eigvalsh(hess)) <= tol).any() else right_label(hess, tol)


@wrong(replaces="classify_stationary", fails=["classify"])
def zero_left_out(hess, tol=1e-8):
    """Zero eigenvalues decide nothing: positive ones and a zero are degenerate, not a minimum."""
    values = np.linalg.eigvalsh(hess)
    values = values[np.abs(values) > tol]
    return right_label(np.diag(values), tol) if len(values) else "degenerate"


@wrong(replaces="classify_stationary", fails=["classify"])
def by_diagonal(hess, tol=1e-8):
    """The diagonal shows the eigenvalues of diagonal matrices only: take them from np.linalg.eigvalsh."""
    right_label(hess, tol)
    return right_label(np.diag(hess.diagonal()), tol)


@wrong(replaces="classify_stationary", fails=["classify"])
def by_determinant(hess, tol=1e-8):
    """The determinant decides for D = 2 only: two negative eigenvalues of four also make it positive."""
    right_label(hess, tol)
    det = np.linalg.det(hess)
    if abs(det) <= tol:
        return "degenerate"
    return "saddle" if det < 0 else "minimum" if hess[0, 0] > 0 else "maximum"


@wrong(replaces="classify_stationary", fails=["classify"])
def upside_down(hess, tol=1e-8):
    """Positive curvature in every direction is a minimum, negative curvature a maximum: you have them swapped."""
    return right_label(-hess, tol)


@wrong(replaces="violates_convexity", fails=["convexity"])
def convexity_tol_ignored(f, points, tol=1e-9):
    """`tol` has no effect on your result: only what exceeds it is a violation."""
    return right_verdict(f, points, 0.0)


@wrong(replaces="violates_convexity", fails=["convexity"])
def convex_unique_min(f, points, tol=1e-9):
    """Convex means local minima are global; there may be none or many."""
    values = [f(p) for p in points]
    lowest = [i for i, value in enumerate(values) if value == min(values)]
    return right_verdict(f, points, tol) or len(lowest) != 1 or lowest[0] in (0, len(points) - 1)


@wrong(replaces="violates_convexity", fails=["convexity"])
def concave_test(f, points, tol=1e-9):
    """A convex function lies BELOW its chords: a midpoint above the chord is the violation."""
    return right_verdict(lambda p: -f(p), points, tol)


@wrong(replaces="violates_convexity", fails=["convexity"])
def strictly_convex(f, points, tol=1e-9):
    """A straight piece is convex too: only a midpoint ABOVE the chord is a violation, not one on it."""
    return any(f((a + b) / 2) >= (f(a) + f(b)) / 2 - tol for a, b in combinations(points, 2))


@wrong(replaces="violates_convexity", fails=["convexity"])
def neighbours_only(f, points, tol=1e-9):
    """Any two points are a pair, not only neighbours in the list."""
    return any(right_verdict(f, points[i : i + 2], tol) for i in range(len(points)))


@wrong(replaces="violates_convexity", fails=["convexity"])
def first_point_only(f, points, tol=1e-9):
    """Any two points are a pair: you compare with the first one only."""
    return any(right_verdict(f, points[[0, i]], tol) for i in range(len(points)))
