"""Each docstring is the line the learner reads. The oracle is plain Python, one query at a time, with math.exp and
math.fsum; its gradients are the formulas of the backward pass in numpy."""

import math

import numpy as np
import torch

from dlkit.grader.compare import check, check_close, check_dtype, check_equal, check_pure, check_raises, unpack
from dlkit.grader.on_device import check_stays
from dlkit.grader.plugin import device_check, points

NAME = "scaled_dot_product_attention(…)"
NEAR = {"rtol": 1e-3, "atol": 1e-4}  # float32 on a device against the float64 oracle


def weights_of(q, k, mask=None, causal=False, scale=None):
    """(..., L, S) in float64. `mask` is bool (True: may attend) or float (added)."""
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    shape = (*q.shape[:-1], k.shape[-2])
    mask = np.broadcast_to(np.ones(1, dtype=bool) if mask is None else mask, shape)
    bias = np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask
    weights = np.zeros(shape)
    for index in np.ndindex(shape[:-1]):
        scores = {}
        for s in range(shape[-1]):
            if bias[index][s] != -np.inf and (s <= index[-1] or not causal):
                product = math.fsum(float(a) * float(b) for a, b in zip(q[index], k[index[:-1]][s], strict=True))
                scores[s] = product * scale + float(bias[index][s])
        if scores:
            top = max(scores.values())
            total = math.fsum(math.exp(z - top) for z in scores.values())
            for s, z in scores.items():
                weights[index][s] = math.exp(z - top) / total
    return weights


def attend(q, k, v, mask=None, causal=False, scale=None):
    weights = weights_of(q, k, mask, causal, scale)
    return weights @ v, weights


def sizes(rng):
    """L, S, E, Ev: all different, at least 3."""
    return [int(n) for n in rng.permutation([3, 4, 5, 6, 7])[:4]]


def inputs(rng, lead=(), shape=None, spread=1.5):
    L, S, E, Ev = shape or sizes(rng)
    q, k = rng.normal(scale=spread, size=(*lead, L, E)), rng.normal(scale=spread, size=(*lead, S, E))
    return q, k, rng.normal(size=(*lead, S, Ev))


def some_of(rng, shape):
    """A random bool mask: every row of the last axis holds two True and a False."""
    mask = rng.random(shape) < 0.5
    order = np.argsort(rng.random(shape), axis=-1)
    np.put_along_axis(mask, order[..., :2], True, axis=-1)
    np.put_along_axis(mask, order[..., 2:3], False, axis=-1)
    return mask


def compare(candidate, actual, expected, dtype=torch.float64, **tolerances):
    output, weights = unpack(NAME, actual, 2)
    check_close("the output", output, torch.tensor(expected[0]).to(dtype), dtype=True, **tolerances)
    check_close("the weights", weights, torch.tensor(expected[1]).to(dtype), dtype=True, **tolerances)
    check_pure(candidate, "q", "k", "v", "attn_mask")


@points(25)
def test_value(candidate, tensor, rng, case):
    """Softmax over the keys of the scaled products, and the weighted mean of the values, for any leading axes."""
    attention = candidate.scaled_dot_product_attention
    with case("by hand"):
        q, k = np.array([[2 * math.log(3.0), 0.0, 0.0, 0.0]]), np.eye(2, 4)
        v = np.array([[4.0, 0.0, 1.0], [8.0, 4.0, 1.0]])
        # scores [2 log 3, 0] / sqrt(4): weights 3/4 and 1/4; 3/4 * 4 + 1/4 * 8 = 5, 3/4 * 0 + 1/4 * 4 = 1
        expected = np.array([[5.0, 1.0, 1.0]]), np.array([[0.75, 0.25]])
        compare(candidate, attention(tensor(q), tensor(k), tensor(v)), expected)
    for lead in ((), (3,), (2, 3), (2, 1, 3)):
        q, k, v = inputs(rng, lead)
        with case(f"leading axes {lead}"):
            compare(candidate, attention(*map(tensor, (q, k, v))), attend(q, k, v))
    for scale in (1.0, 2, 0.0, -0.5, float(rng.uniform(0.05, 0.25))):
        q, k, v = inputs(rng, (2,))
        with case(f"scale = {scale:.3g}"):
            compare(candidate, attention(*map(tensor, (q, k, v)), scale=scale), attend(q, k, v, scale=scale))
    with case("all arguments by position"):
        q, k, v = inputs(rng)
        mask = some_of(rng, (len(q), len(k)))
        actual = attention(*map(tensor, (q, k, v, mask)), False, 0.3)
        compare(candidate, actual, attend(q, k, v, mask, scale=0.3))
    with case("one key"):
        q, k, v = inputs(rng, (2,), (3, 1, 4, 5))
        compare(candidate, attention(*map(tensor, (q, k, v))), attend(q, k, v))
    with case("float32, transposed views"):
        q, k, v = inputs(rng, (2,))
        views = [tensor(a.swapaxes(-1, -2).copy(), dtype=torch.float32).mT for a in (q, k, v)]
        compare(candidate, attention(*views), attend(q, k, v), torch.float32)


@points(20)
def test_masks(candidate, tensor, rng, case):
    """True positions take part and the others have weight 0; a float mask is added; both broadcast."""
    attention = candidate.scaled_dot_product_attention
    N, h = 2, 3
    for words in ("(L, S)", "(N, h, L, S)", "(N, 1, 1, S), a padding mask", "(h, 1, S), one per head", "(S,)"):
        L, S, E, Ev = sizes(rng)
        q, k, v = inputs(rng, (N, h), (L, S, E, Ev))
        named = {"N": N, "h": h, "L": L, "S": S, "1": 1}
        shape = tuple(named[n] for n in words.partition(")")[0].strip("(,").split(", "))
        bool_mask = some_of(rng, shape)
        with case(f"bool {words}"):
            actual = attention(*map(tensor, (q, k, v)), attn_mask=tensor(bool_mask))
            compare(candidate, actual, attend(q, k, v, bool_mask))
            check(bool((actual[1].numpy()[~np.broadcast_to(bool_mask, (N, h, L, S))] == 0).all()), LEAK)
        with case(f"float {words}"):
            bias = rng.normal(scale=2.0, size=shape)
            compare(candidate, attention(*map(tensor, (q, k, v)), attn_mask=tensor(bias)), attend(q, k, v, bias))
        with case(f"float with -inf, {words}, scale given"):
            bias = np.where(bool_mask, rng.normal(size=shape), -np.inf)
            actual = attention(*map(tensor, (q, k, v)), attn_mask=tensor(bias), scale=0.4)
            compare(candidate, actual, attend(q, k, v, bias, scale=0.4))
    with case("a mask of zeros changes nothing"):
        q, k, v = inputs(rng, (2,))
        zeros = np.zeros((q.shape[-2], k.shape[-2]))
        compare(candidate, attention(*map(tensor, (q, k, v)), attn_mask=tensor(zeros)), attend(q, k, v))
    with case("keys that are masked do not matter"):
        q, k, v = inputs(rng, (2,))
        mask = some_of(rng, (k.shape[-2],))
        expected = attend(q, k, v, mask)
        k[:, ~mask], v[:, ~mask] = 1e3 * rng.normal(size=(2, int((~mask).sum()), 1)), 1e6
        compare(candidate, attention(*map(tensor, (q, k, v)), attn_mask=tensor(mask)), expected)


LEAK = "A masked position should have weight exactly 0."


@points(15)
def test_causal(candidate, tensor, rng, case):
    """With is_causal query l sees the keys up to l, itself included, and nothing later, for L != S, too."""
    attention = candidate.scaled_dot_product_attention
    for L, S in ((5, 5), (3, 6), (6, 3), (1, 4), (4, 1)):
        q, k, v = inputs(rng, (2,), (L, S, 4, 3))
        with case(f"is_causal, L = {L}, S = {S}"):
            actual = attention(*map(tensor, (q, k, v)), is_causal=True)
            compare(candidate, actual, attend(q, k, v, causal=True))
        with case(f"causal_mask({L}, {S})"):
            expected = [[s <= row for s in range(S)] for row in range(L)]
            mask = candidate.causal_mask(L, S)
            check_dtype("causal_mask(L, S)", mask, torch.bool)
            check_equal("causal_mask(L, S)", mask, tensor(expected))
    with case("the future does not matter"):
        q, k, v = inputs(rng, (2,), (6, 6, 4, 3))
        now = int(rng.integers(1, 5))
        before, _ = unpack(NAME, attention(*map(tensor, (q, k, v)), is_causal=True, scale=0.7), 2)
        k[:, now + 1 :] += 100 * rng.normal(size=k[:, now + 1 :].shape)
        v[:, now + 1 :] -= 100.0
        after, weights = unpack(NAME, attention(*map(tensor, (q, k, v)), is_causal=True, scale=0.7), 2)
        expected = attend(q, k, v, causal=True, scale=0.7)
        check_close("the output", after, tensor(expected[0]))
        check_close("the weights", weights, tensor(expected[1]))
        check_close(f"the output up to {now} after a change of later keys", after[:, : now + 1], before[:, : now + 1])


def gradients(m, arguments, options, wrt, cotangents):  # runs in the candidate
    """Both results, and the gradients of sum(results * cotangents) with respect to arguments[wrt]."""
    arguments = list(arguments)
    for i in wrt:
        arguments[i] = arguments[i].clone().requires_grad_()
    output, weights = m.scaled_dot_product_attention(*arguments, **options)
    loss = sum((result.double() * c).sum() for result, c in zip((output, weights), cotangents, strict=True))
    if not loss.requires_grad:
        return [output, weights], None
    grads = torch.autograd.grad(loss, [arguments[i] for i in wrt], allow_unused=True)
    return [output.detach(), weights.detach()], list(grads)


def backward(q, k, v, mask, causal, scale, d_output, d_weights):
    """What the gradients of q, k, v and of the (unreduced) scores are, by formula."""
    weights = weights_of(q, k, mask, causal, scale)
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    d_weights = d_weights + d_output @ v.swapaxes(-1, -2)
    d_scores = weights * (d_weights - (d_weights * weights).sum(axis=-1, keepdims=True))
    turned = d_scores.swapaxes(-1, -2)
    return scale * d_scores @ k, scale * turned @ q, weights.swapaxes(-1, -2) @ d_output, d_scores


def reduced(grad, shape):
    """The sum over the axes along which a mask of this shape was broadcast."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def check_gradients(candidate, tensor, rng, q, k, v, mask=None, causal=False, scale=None, both=True):
    d_output = rng.normal(size=(*q.shape[:-1], v.shape[-1]))
    d_weights = rng.normal(size=(*q.shape[:-1], k.shape[-2])) * both
    arguments = [q, k, v] if mask is None else [q, k, v, mask]
    learns = mask is not None and mask.dtype != bool
    seen = candidate.run(
        gradients,
        [tensor(a) for a in arguments],
        {"is_causal": causal} if scale is None else {"is_causal": causal, "scale": scale},
        [0, 1, 2, 3] if learns else [0, 1, 2],
        [tensor(d_output), tensor(d_weights)],
    )
    results, grads = unpack(NAME, seen, 2)
    expected = attend(q, k, v, mask, causal, scale)
    for name, actual, wanted in zip(("the output", "the weights"), results, expected, strict=True):
        check_close(name, actual, tensor(wanted))
    check(grads is not None, "The results carry no graph back to q, k and v.")
    wanted = list(backward(q, k, v, mask, causal, scale, d_output, d_weights))
    if learns:
        wanted[3] = reduced(wanted[3], mask.shape)
    for name, actual, grad in zip(("q", "k", "v", "attn_mask"), grads, wanted, strict=False):
        if not grad.any() and actual is None:
            continue
        check(actual is not None, f"No gradient reaches {name}.")
        # sums of up to a few hundred products, in another order
        check_close(f"the gradient of {name}", actual, tensor(grad), rtol=1e-8, atol=1e-10)


@points(10)
def test_fully_masked(candidate, tensor, rng, case):
    """A query that may see no key gets zeros, not NaN, and all gradients stay finite."""
    attention = candidate.scaled_dot_product_attention
    for words in ("bool", "float"):
        q, k, v = inputs(rng, (2, 3))
        L, S = q.shape[-2], k.shape[-2]
        mask = some_of(rng, (2, 1, L, S))
        blind = int(rng.integers(L))
        mask[0, 0, blind] = False
        mask = mask if words == "bool" else np.where(mask, rng.normal(size=mask.shape), -np.inf)
        with case(f"{words} mask, one query"):
            actual = attention(*map(tensor, (q, k, v)), attn_mask=tensor(mask))
            compare(candidate, actual, attend(q, k, v, mask))
            check(not actual[0].numpy()[0, :, blind].any(), "The output of a query that sees no key should be 0.")
        with case(f"{words} mask, one query, gradients"):
            check_gradients(candidate, tensor, rng, q, k, v, mask)
        with case(f"{words} mask, every query"):
            nothing = np.zeros((L, S), dtype=bool) if words == "bool" else np.full((L, S), -np.inf)
            compare(candidate, attention(*map(tensor, (q, k, v)), attn_mask=tensor(nothing)), attend(q, k, v, nothing))
        with case(f"{words} mask, every query, gradients"):
            check_gradients(candidate, tensor, rng, q, k, v, nothing)


def extreme(rng, sign=1.0):
    """Scores of 1e4 (of -1e4, and never more, with sign -1): q holds 100, k 200, E = 4; every product is exact."""
    q = np.full((3, 4), 0.0)
    q[:, 0] = 100.0
    k = np.zeros((5, 4))
    k[:, 0] = 200.0 * (rng.permutation([1, 1, 1, 0, -1]) if sign > 0 else -np.ones(5))
    return q, k, rng.integers(-4, 5, size=(5, 2)).astype(float)


def small_integers(rng):
    """Exact in half precision: the scores are multiples of 1/2 up to 8."""
    L, S = 3, 5
    q, k = rng.integers(-2, 3, size=(2, L, 4)), rng.integers(-2, 3, size=(2, S, 4))
    return q.astype(float), k.astype(float), rng.integers(-4, 5, size=(2, S, 3)).astype(float)


PRECISIONS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


@points(10)
def test_stability(candidate, tensor, rng, case):
    """Scores of 1e4 and half precision give finite results of q's dtype, with the softmax taken in float32."""
    attention = candidate.scaled_dot_product_attention
    for dtype in PRECISIONS:
        name = str(dtype).removeprefix("torch.")
        with case(f"{name}, scores of 1e4"):
            q, k, v = extreme(rng)
            compare(candidate, attention(*(tensor(a, dtype=dtype) for a in (q, k, v))), attend(q, k, v), dtype)
        with case(f"{name}, scores of -1e4, masked"):
            q, k, v = extreme(rng, -1.0)
            mask = some_of(rng, (3, 5))
            actual = attention(*(tensor(a, dtype=dtype) for a in (q, k, v)), attn_mask=tensor(mask))
            compare(candidate, actual, attend(q, k, v, mask), dtype)
    for dtype in PRECISIONS[2:]:
        name = str(dtype).removeprefix("torch.")
        for kind in (None, "bool", "float", "float32"):
            with case(f"{name}, small scores, {f'{kind} mask' if kind else 'no mask'}"):
                q, k, v = small_integers(rng)
                mask = None if kind is None else some_of(rng, (q.shape[-2], k.shape[-2]))
                if kind in ("float", "float32"):
                    mask = np.where(mask, rng.integers(-3, 4, size=mask.shape) / 2, -np.inf)
                own = dtype if kind == "float" else torch.float32
                sent = mask if kind is None else tensor(mask) if kind == "bool" else tensor(mask, dtype=own)
                actual = attention(*(tensor(a, dtype=dtype) for a in (q, k, v)), attn_mask=sent)
                compare(candidate, actual, attend(q, k, v, mask), dtype)
        with case(f"{name}, causal"):
            q, k, v = small_integers(rng)
            actual = attention(*(tensor(a, dtype=dtype) for a in (q, k, v)), is_causal=True)
            compare(candidate, actual, attend(q, k, v, causal=True), dtype)
    with case("float16, 70000 keys of equal score"):
        q, k, v = np.zeros((1, 2)), np.ones((70_000, 2)), np.ones((70_000, 1))
        _, weights = unpack(NAME, attention(*(tensor(a, dtype=torch.float16) for a in (q, k, v))), 2)
        # 1 / 70000 is below the normal numbers of float16: steps of 6e-8, 0.2% of it
        expected = tensor(np.full((1, 70_000), 1 / 70_000), dtype=torch.float16)
        check_close("the weights", weights, expected, rtol=1e-2, atol=0.0, dtype=True)


@points(10)
def test_gradients(candidate, tensor, rng, case):
    """Autograd gives the gradients of q, k, v and of a float mask, through the output and through the weights."""
    for lead in ((), (2, 3)):
        with case(f"no mask, leading axes {lead}"):
            check_gradients(candidate, tensor, rng, *inputs(rng, lead))
    with case("of the output alone"):
        check_gradients(candidate, tensor, rng, *inputs(rng, (2,)), both=False)
    with case("scale given"):
        check_gradients(candidate, tensor, rng, *inputs(rng, (2,)), scale=float(rng.uniform(0.2, 0.8)))
    for L, S in ((3, 5), (5, 3)):
        with case(f"causal, L = {L}, S = {S}"):
            check_gradients(candidate, tensor, rng, *inputs(rng, (2,), (L, S, 4, 6)), causal=True)
    q, k, v = inputs(rng, (2, 3))
    with case("bool mask"):
        check_gradients(candidate, tensor, rng, q, k, v, some_of(rng, (2, 1, q.shape[-2], k.shape[-2])))
    with case("float mask that broadcasts"):
        check_gradients(candidate, tensor, rng, q, k, v, rng.normal(size=(3, 1, k.shape[-2])), scale=0.3)
    with case("float mask with -inf"):
        mask = some_of(rng, (q.shape[-2], k.shape[-2]))
        check_gradients(candidate, tensor, rng, q, k, v, np.where(mask, rng.normal(size=mask.shape), -np.inf))


@points(5)
def test_path(candidate, rng, case):
    """An RNN needs L steps one after the other and has paths of L; self-attention needs 1 and has paths of 1."""
    for L in (1, 2, 512, int(rng.integers(3, 500))):
        with case(f"rnn, L = {L}"):
            check_equal("attention_path_length(L, 'rnn')", candidate.attention_path_length(L, "rnn"), (L, L))
        with case(f"attention, L = {L}"):
            path = candidate.attention_path_length(L, "attention")
            check_equal("attention_path_length(L, 'attention')", path, (1, 1))


@points(5)
def test_errors(candidate, tensor, rng, case):
    """Two masks, shapes that do not fit, no keys and an unknown kind raise ValueError."""
    q, k, v = (tensor(a) for a in inputs(rng, (2,), (4, 5, 3, 6)))
    attention = candidate.scaled_dot_product_attention
    for words, mask in (("bool", np.ones((4, 5), dtype=bool)), ("float", np.zeros((4, 5)))):
        with case(f"{words} mask and is_causal"), check_raises(ValueError, f"a {words} attn_mask with is_causal=True"):
            attention(q, k, v, attn_mask=tensor(mask), is_causal=True)
    wrong = {
        "k of another E": ((2, 4, 3), (2, 5, 4), (2, 5, 6)),
        "k with E = 1": ((2, 4, 3), (2, 5, 1), (2, 5, 6)),
        "v of another S": ((2, 4, 3), (2, 5, 3), (2, 4, 6)),
        "v with S = 1": ((2, 4, 3), (2, 5, 3), (2, 1, 6)),
        "k of another batch": ((2, 4, 3), (3, 5, 3), (2, 5, 6)),
        "k and v of batch 1": ((2, 4, 3), (1, 5, 3), (1, 5, 6)),
        "q of batch 1": ((1, 4, 3), (2, 5, 3), (2, 5, 6)),
        "v of batch 1": ((2, 4, 3), (2, 5, 3), (1, 5, 6)),
        "k and v without batch": ((2, 4, 3), (5, 3), (5, 6)),
        "no keys": ((2, 4, 3), (2, 0, 3), (2, 0, 6)),
    }
    for words, shapes in wrong.items():
        with case(words), check_raises(ValueError, f"{words}, shapes {', '.join(map(str, shapes))},"):
            attention(*(tensor(rng.normal(size=shape)) for shape in shapes))
    for shape in ((5, 4), (4, 6), (3, 4, 5), (1, 2, 4, 5), (2, 4)):
        for mask in (np.ones(shape, dtype=bool), np.zeros(shape)):
            words = f"{mask.dtype} mask of shape {shape} for scores (2, 4, 5)"
            with case(words), check_raises(ValueError, f"a {words}"):
                attention(q, k, v, attn_mask=tensor(mask))
    for kind in ("lstm", "", "RNN"):
        with case(f"kind {kind!r}"), check_raises(ValueError, f"kind={kind!r}"):
            candidate.attention_path_length(7, kind)


@device_check
def test_device_parity(candidate, tensor, rng, case):
    """On the device the values are those of the CPU, and nothing leaves it or is made elsewhere."""
    for words in ("no mask", "bool mask", "float mask", "causal", "a query that sees nothing"):
        q, k, v = inputs(rng, (2, 3))
        mask = some_of(rng, (2, 1, q.shape[-2], k.shape[-2])) if "mask" in words or "nothing" in words else None
        if words == "no mask":
            mask = None
        elif words == "float mask":
            mask = np.where(mask, rng.normal(size=mask.shape), -np.inf)
        elif words == "a query that sees nothing":
            mask[1, 0, 0] = False
        options = (
            {} if mask is None else {"attn_mask": tensor(mask, dtype=None if mask.dtype == bool else torch.float32)}
        )
        with case(words):
            sent = [tensor(a, dtype=torch.float32) for a in (q, k, v)]
            actual = candidate.scaled_dot_product_attention(*sent, **options, is_causal=words == "causal")
            output, weights = unpack(NAME, actual, 2)
            check_stays(candidate, "the output", output)
            check_stays(candidate, "the weights", weights)
            compare(candidate, actual, attend(q, k, v, mask, words == "causal"), torch.float32, **NEAR)


def mask_beside(m, L, S, x):  # runs in the candidate
    return m.causal_mask(L, S, device=x.device), m.causal_mask(L, S, x.device)


@device_check
def test_device_mask(candidate, tensor, rng):
    """causal_mask makes its tensor on the device that it is told."""
    L, S = 4, 6
    masks = candidate.run(mask_beside, L, S, tensor(rng.normal(size=3), dtype=torch.float32))
    for mask in unpack("causal_mask(L, S, device)", masks, 2):
        check_stays(candidate, "causal_mask(L, S, device)", mask)
        check_equal("causal_mask(L, S, device)", mask, tensor(np.tri(L, S, dtype=bool)))


@device_check
def test_device_gradient(candidate, tensor, rng):
    """Autograd gives the CPU's gradients, on the device, with a query that sees nothing among the others."""
    q, k, v = inputs(rng, (2, 3))
    mask = some_of(rng, (q.shape[-2], k.shape[-2]))
    mask[1] = False
    d_output, d_weights = rng.normal(size=(*q.shape[:-1], v.shape[-1])), rng.normal(size=(2, 3, *mask.shape))
    sent = [tensor(a, dtype=torch.float32) for a in (q, k, v)]
    cotangents = [tensor(d, dtype=torch.float32) for d in (d_output, d_weights)]
    _, grads = candidate.run(gradients, [*sent, tensor(mask)], {}, [0, 1, 2], cotangents)
    check(grads is not None, "The results carry no graph back to q, k and v.")
    expected = backward(q, k, v, mask, False, None, d_output, d_weights)
    for name, grad, wanted in zip("qkv", grads, expected, strict=False):
        check(grad is not None, f"No gradient reaches {name}.")
        check_stays(candidate, f"the gradient of {name}", grad)
        check_close(f"the gradient of {name}", grad, tensor(wanted, dtype=torch.float32), **NEAR)


@device_check
def test_device_half(candidate, tensor, rng, case):
    """Scores of 1e4 in half precision give finite numbers of q's dtype on the device, masked or not."""
    for dtype in PRECISIONS[2:]:
        for sign in (1.0, -1.0):
            q, k, v = extreme(rng, sign)
            mask = some_of(rng, (3, 5)) if sign < 0 else None
            with case(f"{str(dtype).removeprefix('torch.')}, scores of {sign * 1e4:g}"):
                sent = [tensor(a, dtype=dtype) for a in (q, k, v)]
                options = {} if mask is None else {"attn_mask": tensor(mask)}
                actual = candidate.scaled_dot_product_attention(*sent, **options)
                output, weights = unpack(NAME, actual, 2)
                check_stays(candidate, "the output", output)
                check_stays(candidate, "the weights", weights)
                compare(candidate, actual, attend(q, k, v, mask), dtype)
