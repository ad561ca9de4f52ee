"""Each docstring is the line the learner reads. The oracle is torch.nn.MultiheadAttention in float64, on the CPU."""

import math

import numpy as np
import torch
from torch import nn

from dlkit.grader.compare import check, check_close, check_equal, check_pure, check_raises, check_shape, unpack
from dlkit.grader.on_device import check_peak_memory, check_stays
from dlkit.grader.plugin import device_check, points

NAMES = ("query", "key", "value", "key_padding_mask", "attn_mask")
NEAR = {"rtol": 1e-3, "atol": 1e-4}  # float32 on a device against the float64 oracle


def parameters(rng, E, bias=True):
    """The state_dict of a module: float64 arrays."""
    state = {"in_proj_weight": rng.normal(size=(3 * E, E)), "out_proj.weight": rng.normal(size=(E, E))}
    state = {name: value / math.sqrt(E) for name, value in state.items()}
    if bias:
        state |= {"in_proj_bias": rng.normal(size=3 * E), "out_proj.bias": rng.normal(size=E)}
    return state


def oracle(state, h, query, key, value, padding=None, mask=None):
    """The library's module with these parameters, and what it answers: (module, output, weights)."""
    E = query.shape[-1]
    module = nn.MultiheadAttention(E, h, bias="in_proj_bias" in state, batch_first=True, dtype=torch.float64)
    module.load_state_dict({name: torch.tensor(v) for name, v in state.items()})
    masks = [None if m is None else torch.tensor(as_bias(m)) for m in (padding, mask)]
    inputs = [torch.tensor(a) for a in (query, key, value)]
    return module, *module(*inputs, key_padding_mask=masks[0], attn_mask=masks[1], need_weights=True)


def as_bias(mask):
    """A bool mask (True: ignore) as numbers to add."""
    return np.where(mask, -np.inf, 0.0) if mask.dtype == bool else mask


def shapes(rng):
    """N, h, L, S, d: all different."""
    return [int(n) for n in rng.permutation([2, 3, 4, 5, 6])]


def ignored(rng, shape):
    """A random bool mask: every row of the last axis keeps a key and loses one; key 0 is kept."""
    mask = rng.random(shape) < 0.4
    mask[..., 0], mask[..., -1] = False, True
    return mask


def attend(m, query, key, value, padding, mask, need_weights, E, h, state):  # runs in the candidate
    """One forward pass with these parameters. No key: the query is the key; no value: the key is the value."""
    module = m.MultiHeadAttention(E, h) if "in_proj_bias" in state else m.MultiHeadAttention(E, h, bias=False)
    module = module.to(device=query.device, dtype=query.dtype)
    module.load_state_dict(state)
    key = query if key is None else key
    options = {} if padding is None else {"key_padding_mask": padding}
    options |= {} if mask is None else {"attn_mask": mask}
    options |= {} if need_weights is None else {"need_weights": need_weights}
    output, weights = module(query, key, key if value is None else value, **options)
    return [output.detach(), weights if weights is None else weights.detach()]


def compare(candidate, tensor, state, h, query, key=None, value=None, padding=None, mask=None, need=True, **options):
    """The submission against the oracle; `need` is need_weights (None: not given). Returns the submission's results."""
    dtype, tolerances = options.pop("dtype", torch.float64), options
    sent = [None if a is None else tensor(a, dtype=dtype) for a in (query, key, value)]
    masks = [m if m is None else tensor(m) if m.dtype == bool else tensor(m, dtype=dtype) for m in (padding, mask)]
    own = {name: tensor(v, dtype=dtype) for name, v in state.items()}
    seen = candidate.run(attend, *sent, *masks, need, query.shape[-1], h, own)
    output, weights = unpack("forward(…)", seen, 2)
    key = query if key is None else key
    _, expected, averaged = oracle(state, h, query, key, key if value is None else value, padding, mask)
    check_close("the output", output, expected.detach().to(dtype), dtype=True, **tolerances)
    if need:
        check_close("the weights", weights, averaged.detach().to(dtype), dtype=True, **tolerances)
    else:
        check(weights is None, "Without need_weights the second result should be None.")
    check_pure(candidate, *NAMES)
    return output, weights


def described(m, E, h, bias):  # runs in the candidate
    """A new module: its state_dict, what is trained, the kind of out_proj."""
    module = m.MultiHeadAttention(E, h) if bias is None else m.MultiHeadAttention(E, h, bias)
    return {
        "module": isinstance(module, nn.Module),
        "linear": isinstance(module.out_proj, nn.Linear),
        "state": dict(module.state_dict()),
        "trained": sorted(name for name, p in module.named_parameters() if p.requires_grad),
    }


@points(10)
def test_state_dict(candidate, tensor, rng, case):
    """The parameters have the names and shapes of nn.MultiheadAttention, and its state_dict loads unchanged."""
    for bias in (None, True, False):
        N, h, L, S, d = shapes(rng)
        state = parameters(rng, h * d, bias is not False)
        with case(f"names and shapes, {'no argument bias' if bias is None else f'bias={bias}'}"):
            seen = candidate.run(described, h * d, h, bias)
            check(seen["module"], "MultiHeadAttention should be an nn.Module.")
            check(seen["linear"], "out_proj should be an nn.Linear.")
            check_equal("the names in the state_dict", sorted(seen["state"]), sorted(state))
            check_equal("the names of the trained parameters", seen["trained"], sorted(state))
            for name, value in state.items():
                check_shape(name, seen["state"][name], value.shape)
                check(bool(seen["state"][name].isfinite().all()), f"{name} is not finite in a new module.")
            check(bool(seen["state"]["in_proj_weight"].std() > 0), "in_proj_weight should start with random values.")
        with case(f"a loaded state_dict counts, bias={bias is not False}"):
            x, y = rng.normal(size=(N, L, h * d)), rng.normal(size=(N, S, h * d))
            compare(candidate, tensor, state, h, x, y)


@points(25)
def test_self_value(candidate, tensor, rng, case):
    """Self-attention agrees with nn.MultiheadAttention, output and averaged weights, for any number of heads."""
    with case("by hand"):
        a = math.sqrt(math.log(3.0))
        x = np.array([[[a, 0.0], [0.0, 0.0]]])
        state = {"in_proj_weight": np.tile(np.eye(2), (3, 1)), "out_proj.weight": 2 * np.eye(2)}
        # two heads of one feature. Head 0, query 0: scores [log 3, 0], weights 3/4 and 1/4, value 3/4 a;
        # query 1: scores [0, 0], weights 1/2, value a/2. Head 1: weights 1/2, value 0. Then times 2
        output, weights = compare(candidate, tensor, state, 2, x)
        check_close("the output", output, tensor([[[1.5 * a, 0.0], [a, 0.0]]]))
        check_close("the weights", weights, tensor([[[0.625, 0.375], [0.5, 0.5]]]))  # (3/4 + 1/2) / 2
    for need in (True, False, None):
        for bias in (True, False):
            N, h, L, _, d = shapes(rng)
            words = "need_weights not given" if need is None else f"need_weights={need}"
            with case(f"h = {h}, d = {d}, bias={bias}, {words}"):
                x = rng.normal(size=(N, L, h * d))
                compare(candidate, tensor, parameters(rng, h * d, bias), h, x, need=need)
    for h, d in ((1, 6), (6, 1)):
        with case(f"h = {h}, d = {d}"):
            compare(candidate, tensor, parameters(rng, 6), h, rng.normal(size=(2, 5, 6)))
    with case("one position"):
        compare(candidate, tensor, parameters(rng, 6), 2, rng.normal(size=(3, 1, 6)))
    with case("float32"):
        compare(candidate, tensor, parameters(rng, 6), 3, rng.normal(size=(2, 5, 6)), dtype=torch.float32)
    with case("a transposed view"):
        x = rng.normal(size=(6, 5, 2)).T
        compare(candidate, tensor, parameters(rng, 6), 3, x)


@points(15)
def test_cross_value(candidate, tensor, rng, case):
    """Queries attend to another sequence, of another length, and keys and values may differ."""
    for need in (True, False):
        for bias in (True, False):
            N, h, L, S, d = shapes(rng)
            state = parameters(rng, h * d, bias)
            x, y, z = (rng.normal(size=(N, n, h * d)) for n in (L, S, S))
            with case(f"key = value, L = {L}, S = {S}, bias={bias}, need_weights={need}"):
                compare(candidate, tensor, state, h, x, y, need=need)
            with case(f"another value, L = {L}, S = {S}, bias={bias}, need_weights={need}"):
                compare(candidate, tensor, state, h, x, y, z, need=need)
    with case("the query is the value"):
        x, y = rng.normal(size=(2, 2, 5, 6))
        compare(candidate, tensor, parameters(rng, 6), 3, x, y, x)


@points(15)
def test_padding_mask(candidate, tensor, rng, case):
    """Keys that are True in key_padding_mask are ignored by every query, whatever they hold."""
    for need in (True, False):
        N, h, L, S, d = shapes(rng)
        state = parameters(rng, h * d)
        x, y = rng.normal(size=(N, L, h * d)), rng.normal(size=(N, S, h * d))
        padding = ignored(rng, (N, S))
        with case(f"L = {L}, S = {S}, need_weights={need}"):
            compare(candidate, tensor, state, h, x, y, padding=padding, need=need)
        with case(f"what ignored keys hold, need_weights={need}"):
            expected = oracle(state, h, x, y, y, padding)[1].detach()
            y[padding] = 100 * rng.normal(size=y[padding].shape)
            output, weights = compare(candidate, tensor, state, h, x, y, padding=padding, need=need)
            check_close("the output after a change of ignored keys", output, expected)
            if need:
                left = weights.numpy()[np.broadcast_to(padding[:, None], weights.shape)]
                check(not left.any(), "An ignored key should have weight exactly 0.")
    with case("nothing is padding"):
        compare(candidate, tensor, state, h, x, y, padding=np.zeros((N, S), dtype=bool))
    with case("self-attention, float32"):
        x = rng.normal(size=(3, 5, 6))
        compare(candidate, tensor, parameters(rng, 6), 2, x, padding=ignored(rng, (3, 5)), dtype=torch.float32)


@points(10)
def test_attn_masks(candidate, tensor, rng, case):
    """attn_mask is bool (True: ignore) or added, one for all or one per head, alone or with key_padding_mask."""
    for kind in ("bool", "float", "float with -inf"):
        for per_head in (False, True):
            for padded in (False, True):
                N, h, L, S, d = shapes(rng)
                state = parameters(rng, h * d)
                x, y = rng.normal(size=(N, L, h * d)), rng.normal(size=(N, S, h * d))
                mask = ignored(rng, (N * h, L, S) if per_head else (L, S))
                if kind != "bool":
                    hidden = mask if "inf" in kind else np.zeros(mask.shape, dtype=bool)
                    mask = np.where(hidden, -np.inf, rng.normal(scale=2.0, size=mask.shape))
                padding = ignored(rng, (N, S)) if padded else None
                words = f"{kind}, {'(N * h, L, S)' if per_head else '(L, S)'}{', key_padding_mask' * padded}"
                with case(words):
                    compare(candidate, tensor, state, h, x, y, padding=padding, mask=mask)
    with case("a causal mask, self-attention"):
        x = rng.normal(size=(2, 5, 6))
        compare(candidate, tensor, parameters(rng, 6), 3, x, mask=~np.tri(5, dtype=bool), need=False)


@points(10)
def test_heads_roundtrip(candidate, tensor, rng, case):
    """Head j gets the contiguous features j*d to (j+1)*d - 1, and merge_heads undoes split_heads."""
    for number in range(3):
        N, h, L, _, d = shapes(rng)
        x = rng.normal(size=(N, L, h * d)) if number else np.arange(N * L * h * d).reshape(N, L, h * d)
        heads = np.stack([x[:, :, j * d : (j + 1) * d] for j in range(h)], axis=1)
        with case(f"split_heads, ({N}, {L}, {h * d}), {h} heads"):
            check_equal("split_heads(x, num_heads)", candidate.split_heads(tensor(x), h), tensor(heads))
            check_pure(candidate, "x")
        with case(f"merge_heads, ({N}, {h}, {L}, {d})"):
            check_equal("merge_heads(x)", candidate.merge_heads(tensor(heads)), tensor(x))
            check_pure(candidate, "x")
        with case("merge_heads of a view"):
            view = tensor(heads.transpose(0, 2, 1, 3).copy()).transpose(1, 2)
            check_equal("merge_heads(x)", candidate.merge_heads(view), tensor(x))
        with case("merge_heads of what split_heads returned"):
            back = candidate.merge_heads(candidate.split_heads(tensor(x), h))
            check_equal("merge_heads(split_heads(x, num_heads))", back, tensor(x))


def gradients(m, query, key, value, padding, mask, cotangents, E, h, state):  # runs in the candidate
    """Gradients of sum(results * cotangents): those of the parameters by name, then those of the three inputs."""
    module = m.MultiHeadAttention(E, h, "in_proj_bias" in state).to(device=query.device, dtype=query.dtype)
    module.load_state_dict(state)
    inputs = [a.clone().requires_grad_() for a in (query, key, value)]
    output, weights = module(*inputs, key_padding_mask=padding, attn_mask=mask, need_weights=len(cotangents) > 1)
    results = [output, weights][: len(cotangents)]
    sum((r * c).sum() for r, c in zip(results, cotangents, strict=True)).backward()
    return {name: p.grad for name, p in module.named_parameters()}, [a.grad for a in inputs]


def compare_gradients(candidate, tensor, rng, bias, both, masks, dtype=torch.float64, **tolerances):
    N, h, L, S, d = shapes(rng)
    state, arrays = parameters(rng, h * d, bias), [rng.normal(size=(N, n, h * d)) for n in (L, S, S)]
    padding, mask = (ignored(rng, (N, S)), rng.normal(size=(N * h, L, S))) if masks else (None, None)
    cotangents = [rng.normal(size=(N, L, h * d)), rng.normal(size=(N, L, S))][: 1 + both]
    own = {name: tensor(v, dtype=dtype) for name, v in state.items()}
    sent = [tensor(a, dtype=dtype) for a in arrays]
    masks = None if padding is None else tensor(padding), None if mask is None else tensor(mask, dtype=dtype)
    seen = candidate.run(gradients, *sent, *masks, [tensor(c, dtype=dtype) for c in cotangents], h * d, h, own)
    of_parameters, of_inputs = unpack("the gradients", seen, 2)

    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    module = oracle(state, h, *arrays)[0]
    options = {"key_padding_mask": torch.tensor(as_bias(padding))} if padding is not None else {}
    options |= {"attn_mask": torch.tensor(mask)} if mask is not None else {}
    results = module(*inputs, **options)[: 1 + both]
    sum((r * torch.tensor(c)).sum() for r, c in zip(results, cotangents, strict=True)).backward()
    found = []
    for name, parameter in module.named_parameters():
        found.append((f"the gradient of {name}", of_parameters.get(name), parameter.grad))
    for name, actual, array in zip(NAMES, of_inputs, inputs, strict=False):
        found.append((f"the gradient of {name}", actual, array.grad))
    for name, actual, expected in found:
        check(actual is not None, f"There is no {name.removeprefix('the ')}.")
        check_close(name, actual, expected.to(dtype), **tolerances)
    return [actual for _, actual, _ in found]


# a shift of all keys changes nothing: their bias has the gradient 0, which comes out as rounding
SUMS = {"rtol": 1e-8, "atol": 1e-10}


@points(10)
def test_gradients(candidate, tensor, rng, case):
    """Autograd gives every parameter and input the gradient it has in nn.MultiheadAttention."""
    for bias in (True, False):
        for both in (False, True):
            for masks in (False, True):
                words = f"bias={bias}{', of the weights, too' * both}{', masks' * masks}"
                with case(words):
                    compare_gradients(candidate, tensor, rng, bias, both, masks, **SUMS)


@points(5)
def test_errors(candidate, tensor, rng, case):
    """Features that do not divide into the heads raise ValueError."""
    for E, h in ((10, 3), (8, 5), (3, 6)):
        with case(f"embed_dim = {E}, num_heads = {h}"), check_raises(ValueError, f"MultiHeadAttention({E}, {h})"):
            candidate.MultiHeadAttention(E, h)
        with case(f"split_heads, E = {E}, num_heads = {h}"), check_raises(ValueError, f"split_heads with {E}, {h}"):
            candidate.split_heads(tensor(rng.normal(size=(2, 4, E))), h)


@device_check
def test_device_parity(candidate, tensor, rng, case):
    """On the device the values are those of the CPU, with and without bias."""
    for bias in (True, False):
        N, h, L, S, d = shapes(rng)
        state = parameters(rng, h * d, bias)
        x, y = rng.normal(size=(N, L, h * d)), rng.normal(size=(N, S, h * d))
        with case(f"self-attention, bias={bias}"):
            compare(candidate, tensor, state, h, x, dtype=torch.float32, **NEAR)
        with case(f"cross-attention, bias={bias}"):
            compare(candidate, tensor, state, h, x, y, dtype=torch.float32, **NEAR)


@device_check
def test_device_stays(candidate, tensor, rng, case):
    """With masks, too, nothing leaves the device and nothing is made elsewhere."""
    for kind in ("padding", "bool", "float", "both"):
        N, h, L, S, d = shapes(rng)
        x, y = rng.normal(size=(N, L, h * d)), rng.normal(size=(N, S, h * d))
        padding = ignored(rng, (N, S)) if kind in ("padding", "both") else None
        mask = {"bool": ignored(rng, (L, S)), "float": rng.normal(size=(L, S))}.get(kind)
        mask = ignored(rng, (N * h, L, S)) if kind == "both" else mask
        with case(f"{kind} mask" if kind != "both" else "both masks"):
            state = parameters(rng, h * d)
            results = compare(
                candidate, tensor, state, h, x, y, padding=padding, mask=mask, dtype=torch.float32, **NEAR
            )
            check_stays(candidate, "forward(…)", *results)


@device_check
def test_device_gradient(candidate, tensor, rng):
    """On the device the gradients of all parameters and inputs are those of the CPU."""
    grads = compare_gradients(candidate, tensor, rng, True, True, True, dtype=torch.float32, **NEAR)
    check_stays(candidate, "a gradient", *grads)


@device_check
def test_device_memory(candidate, tensor, rng, case):
    """No more memory is held at a time than four tensors of scores take, and some of the size of the input."""
    N, h, L, S, d = 2, 4, 144, 128, 8
    state = parameters(rng, h * d)
    x, y = rng.normal(size=(N, L, h * d)), rng.normal(size=(N, S, h * d))
    for words, mask in (("no mask", None), ("bool mask", ignored(rng, (L, S)))):
        with case(words), candidate.watched():
            compare(candidate, tensor, state, h, x, y, mask=mask, need=False, dtype=torch.float32, **NEAR)
            # 4 bytes a number: 4 tensors (N, h, L, S), and 16 of the size of the queries (a sixteenth of them each)
            check_peak_memory(candidate, at_most=4 * (4 * N * h * L * S + 16 * N * L * h * d))


def autocast(m, query, key, padding, E, h, state):  # runs in the candidate
    module = m.MultiHeadAttention(E, h).to(device=query.device)
    module.load_state_dict(state)
    with torch.autocast(device_type=query.device.type, dtype=torch.bfloat16):
        output, weights = module(query, key, key, key_padding_mask=padding, need_weights=True)
    return output.detach(), weights.detach()


@device_check
def test_device_autocast(candidate, tensor, rng):
    """Under bfloat16 autocast the results are within 2% of those in float32, on the device."""
    N, h, L, S, d = shapes(rng)
    state = parameters(rng, h * d)
    x, y, padding = rng.normal(size=(N, L, h * d)), rng.normal(size=(N, S, h * d)), ignored(rng, (N, S))
    for name in ("in_proj_weight", "in_proj_bias"):  # small scores, for bfloat16 has 8 bits
        state[name][: 2 * h * d] /= 4
    own = {name: tensor(v, dtype=torch.float32) for name, v in state.items()}
    sent = [tensor(a, dtype=torch.float32) for a in (x, y)]
    seen = unpack("forward(…)", candidate.run(autocast, *sent, tensor(padding), h * d, h, own), 2)
    check_stays(candidate, "forward(…)", *seen)
    expected = oracle(state, h, x, y, y, padding)[1:]
    for name, actual, wanted in zip(("the output", "the weights"), seen, expected, strict=True):
        wanted = wanted.detach().float()
        check_close(name, actual.float(), wanted, rtol=0.0, atol=2e-2 * float(wanted.abs().max()))
