"""Answers people really give. Each must fail exactly the checks it names."""

import math

import torch

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_52_scaled_dot_product_attention import causal_mask
from dlkit.solutions.exercise_52_scaled_dot_product_attention import scaled_dot_product_attention as reference

INF = math.inf


def _default(q, scale):
    return q.shape[-1] ** -0.5 if scale is None else scale


def _scores(q, k, scale):
    return q @ k.mT * _default(q, scale)


def _mask(q, k, v, attn_mask, is_causal):
    """The mask that counts; the reference's ValueErrors."""
    reference(q, k, v, attn_mask, is_causal)
    return causal_mask(q.shape[-2], k.shape[-2], q.device) if is_causal else attn_mask


def _masked(scores, mask, fill=-INF):
    if mask is None:
        return scores
    return scores.masked_fill(~mask, fill) if mask.dtype == torch.bool else scores + mask


def _blind(scores, mask):
    """Queries that see nothing, by the mask alone."""
    if mask is None:
        return scores.new_zeros((), dtype=torch.bool)
    allowed = mask if mask.dtype == torch.bool else mask != -INF
    return ~allowed.expand(scores.shape).any(dim=-1, keepdim=True)


def _finish(scores, v, dim=-1):
    """Everything after the mask, as it should be."""
    wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
    nothing = wide.isneginf().all(dim=dim, keepdim=True)
    weights = wide.masked_fill(nothing, 0).softmax(dim=dim).masked_fill(nothing, 0).to(v.dtype)
    return weights @ v, weights


@wrong(
    replaces="scaled_dot_product_attention",
    fails=["value", "masks", "causal", "fully_masked", "stability", "gradients"],
)
def no_scale(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Without 1/sqrt(E) dot products grow with E and the softmax saturates."""
    return reference(q, k, v, attn_mask, is_causal, 1.0 if scale is None else scale)


@wrong(
    replaces="scaled_dot_product_attention",
    fails=["value", "masks", "causal", "fully_masked", "stability", "gradients"],
)
def scale_by_E(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Divide by the square root of E: the standard deviation of a sum of E products, not its variance."""
    return reference(q, k, v, attn_mask, is_causal, 1 / q.shape[-1] if scale is None else scale)


@wrong(replaces="scaled_dot_product_attention", fails=["value", "masks", "causal", "gradients"])
def scale_ignored(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """The argument `scale` has no effect on your result; it replaces 1/sqrt(E)."""
    return reference(q, k, v, attn_mask, is_causal)


@wrong(replaces="scaled_dot_product_attention", fails=["value", "masks", "causal", "gradients"])
def scale_on_top(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A given `scale` stands instead of 1/sqrt(E); you multiply by both."""
    return reference(q, k, v, attn_mask, is_causal, _default(q, None) * (1.0 if scale is None else scale))


@wrong(replaces="scaled_dot_product_attention", fails=["value"])
def scale_zero_is_false(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """`scale or default` takes the default for scale=0.0, too: ask `scale is None`."""
    return reference(q, k, v, attn_mask, is_causal, scale or _default(q, None))


@wrong(
    replaces="scaled_dot_product_attention",
    fails=["value", "masks", "causal", "fully_masked", "stability", "gradients"],
)
def softmax_axis(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Normalise over the KEYS, the last axis: the weights of each query sum to 1."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    return _finish(_masked(_scores(q, k, scale), mask), v, dim=-2)


@wrong(replaces="scaled_dot_product_attention", fails=["value", "masks", "fully_masked", "stability", "gradients"])
def mask_inverted(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """In scaled dot-product attention True means "may attend" (nn.MultiheadAttention uses the opposite)."""
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = ~attn_mask
    return reference(q, k, v, attn_mask, is_causal, scale)


@wrong(
    replaces="scaled_dot_product_attention",
    fails=["value", "masks", "causal", "fully_masked", "stability", "gradients"],
)
def mask_after(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Zeroing weights after the softmax leaves rows that sum to less than 1: mask the scores before it."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    if mask is None or mask.dtype != torch.bool:
        return reference(q, k, v, attn_mask, is_causal, scale)
    weights = reference(q, k, v, None, False, scale)[1] * mask
    return weights @ v, weights


@wrong(
    replaces="scaled_dot_product_attention",
    fails=["value", "masks", "causal", "fully_masked", "stability", "gradients"],
)
def masked_score_zero(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A score of 0 still gets a weight, exp(0) = 1 over the sum: a masked score is -inf."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _scores(q, k, scale)
    weights = _finish(_masked(scores, mask, 0.0), v)[1].masked_fill(_blind(scores, mask), 0)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["masks", "fully_masked", "stability", "gradients"])
def float_mask_multiplied(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A float mask is ADDED to the scores, as a bias; you multiply by it."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    if mask is None or mask.dtype == torch.bool:
        return reference(q, k, v, attn_mask, is_causal, scale)
    return _finish(_masked(_scores(q, k, scale) * mask.nan_to_num(neginf=1.0), mask != -INF), v)


@wrong(replaces="scaled_dot_product_attention", fails=["masks", "fully_masked", "stability", "gradients"])
def float_mask_as_bool(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A float mask is a bias with values of any size, added to the scores; you only read it as yes or no."""
    if attn_mask is not None and attn_mask.dtype != torch.bool:
        attn_mask = attn_mask != -INF
    return reference(q, k, v, attn_mask, is_causal, scale)


@wrong(replaces="scaled_dot_product_attention", fails=["masks", "fully_masked", "stability", "gradients"])
def mask_scaled(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Only the products are scaled: add a float mask AFTER multiplying by the scale."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    if mask is None or mask.dtype == torch.bool:
        return reference(q, k, v, attn_mask, is_causal, scale)
    return _finish((q @ k.mT + mask) * _default(q, scale), v)


@wrong(replaces="scaled_dot_product_attention", fails=["value", "masks", "fully_masked", "stability"])
def callers_mask_changed(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """An operation in place (`logical_not_`, `masked_fill_`) changes the caller's mask: work on a new tensor."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    if mask is None or mask.dtype != torch.bool:
        return reference(q, k, v, attn_mask, is_causal, scale)
    return _finish(_scores(q, k, scale).masked_fill(mask.logical_not_(), -INF), v)


@wrong(replaces="scaled_dot_product_attention", fails=["causal", "stability", "gradients"])
def causal_ignored(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """With is_causal=True a query must not see later keys; yours sees all of them."""
    _mask(q, k, v, attn_mask, is_causal)
    return reference(q, k, v, attn_mask, False, scale)


@wrong(replaces="scaled_dot_product_attention", fails=["causal", "stability", "gradients"])
def causal_bottom_right(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """is_causal is aligned at the top left: query l sees the keys s <= l, without an offset of S - L."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    if is_causal:
        mask = torch.ones_like(mask).tril(k.shape[-2] - q.shape[-2])
    return reference(q, k, v, mask, False, scale)


@wrong(replaces="causal_mask", fails=["causal", "stability", "gradients"])
def causal_strict(L, S, device=None):
    """A position may attend to itself: s <= l, not s < l."""
    return causal_mask(L, S, device).tril(-1)


@wrong(replaces="causal_mask", fails=["causal", "stability", "gradients"])
def causal_sees_the_future(L, S, device=None):
    """That is the other triangle: a query sees the keys up to itself (tril), not those after it (triu)."""
    return torch.ones(L, S, dtype=torch.bool, device=device).triu()


@wrong(replaces="causal_mask", fails=["causal", "stability", "gradients"])
def causal_mask_of_floats(L, S, device=None):
    """A tensor of ones and zeros would be ADDED to the scores: make the mask bool."""
    return torch.ones(L, S, device=device).tril()


@wrong(replaces="scaled_dot_product_attention", fails=["stability"])
def minus_1e9_half(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """-1e9 overflows float16: use -inf, or torch.finfo(dtype).min."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _scores(q, k, scale)
    weights = _finish(_masked(scores, mask, -1e9), v)[1].masked_fill(_blind(scores, mask), 0)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["stability"])
def minus_1e4_fill(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """-1e4 is no minus infinity: where the other scores are as low, masked positions get weight. Use -inf."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _scores(q, k, scale)
    weights = _finish(_masked(scores, mask, -1e4), v)[1].masked_fill(_blind(scores, mask), 0)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["stability", "device_half"])
def no_max_shift(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """exp overflows at large scores: subtract each row's maximum first, or call softmax."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _masked(_scores(q, k, scale), mask)
    e = scores.to(torch.promote_types(scores.dtype, torch.float32)).exp()
    weights = (e / e.sum(dim=-1, keepdim=True).masked_fill(_blind(scores, mask), 1)).to(q.dtype)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["stability"])
def half_sum_overflows(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A sum of exponentials over many keys exceeds 65504, the largest float16: take the softmax in float32."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _masked(_scores(q, k, scale), mask).to(q.dtype)
    blind = _blind(scores, mask)
    scores = scores.masked_fill(blind, 0)
    e = (scores - scores.amax(dim=-1, keepdim=True)).exp().masked_fill(blind, 0)
    weights = e / e.sum(dim=-1, keepdim=True).masked_fill(blind, 1)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["stability"])
def weights_stay_float32(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Both results have q's dtype: after a softmax in float32, convert the weights back."""
    output, weights = reference(q, k, v, attn_mask, is_causal, scale)
    return output, weights.to(torch.promote_types(q.dtype, torch.float32))


@wrong(
    replaces="scaled_dot_product_attention",
    fails=["value", "masks", "causal", "fully_masked", "stability", "gradients"],
)
def everything_to_float32(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """softmax(dtype=torch.float32) also cuts float64 down to seven digits: widen half precision only."""
    weights = reference(q, k, v, attn_mask, is_causal, scale)[1].float().to(q.dtype)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["fully_masked"])
def nan_row(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """The softmax of a row of -inf is 0/0: return zeros for a query that may see no key."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _masked(_scores(q, k, scale), mask)
    weights = scores.softmax(dim=-1, dtype=torch.promote_types(q.dtype, torch.float32)).to(q.dtype)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["fully_masked"])
def nan_replaced_afterwards(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Replacing NaN after the softmax repairs the value, but the gradient still runs through 0/0: mend the scores."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _masked(_scores(q, k, scale), mask)
    weights = scores.softmax(dim=-1, dtype=torch.promote_types(q.dtype, torch.float32)).to(q.dtype)
    weights = torch.where(weights.isnan(), 0.0, weights)
    return weights @ v, weights


@wrong(replaces="scaled_dot_product_attention", fails=["fully_masked"])
def uniform_row(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A finite fill value gives a query that may see no key the mean of all values; its weights must be 0."""
    mask = _mask(q, k, v, attn_mask, is_causal)
    scores = _masked(_scores(q, k, scale), mask)
    return _finish(scores.clamp_min(torch.finfo(scores.dtype).min), v)


@wrong(replaces="scaled_dot_product_attention", fails=["fully_masked", "gradients"])
def weights_detached(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """The weights belong to the graph: with .detach() no loss on them reaches q and k."""
    output, weights = reference(q, k, v, attn_mask, is_causal, scale)
    return output, weights.detach()


@wrong(replaces="scaled_dot_product_attention", fails=["fully_masked", "gradients"])
def mask_detached(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A float mask may be learned (a relative position bias): its gradient must pass."""
    attn_mask = None if attn_mask is None else attn_mask.detach()
    return reference(q, k, v, attn_mask, is_causal, scale)


@wrong(replaces="scaled_dot_product_attention", fails=["errors"])
def two_masks_accepted(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """attn_mask together with is_causal is ambiguous: refuse it with ValueError."""
    if is_causal and attn_mask is not None:
        attn_mask = None
    return reference(q, k, v, attn_mask, is_causal, scale)


@wrong(replaces="scaled_dot_product_attention", fails=["errors"])
def batches_broadcast(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A forgotten batch axis broadcasts without a word: refuse q, k and v of different leading axes."""
    lead = q.shape[:-2]
    if lead != k.shape[:-2] and all(a in (1, b) for a, b in zip(k.shape[-3::-1], lead[::-1], strict=False)):
        k = k.expand(*lead, *k.shape[-2:])
        v = v.expand(*lead, *v.shape[-2:])
    return reference(q, k, v, attn_mask, is_causal, scale)


@wrong(replaces="scaled_dot_product_attention", fails=["errors"])
def no_keys_accepted(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """Without keys there is nothing to average: S = 0 raises ValueError."""
    if k.shape[-2] == v.shape[-2] == 0:
        return q.new_zeros(*q.shape[:-1], v.shape[-1]), q @ k.mT
    return reference(q, k, v, attn_mask, is_causal, scale)


@wrong(replaces="scaled_dot_product_attention", fails=["errors"])
def larger_mask_accepted(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A mask with more axes than the scores adds axes to the result: refuse what does not broadcast to (..., L, S)."""
    if attn_mask is not None and attn_mask.ndim > q.ndim:
        q, k, v = (x.expand(*attn_mask.shape[: attn_mask.ndim - q.ndim], *x.shape) for x in (q, k, v))
    return reference(q, k, v, attn_mask, is_causal, scale)


@wrong(replaces="attention_path_length", fails=["path"])
def paths_swapped(L, kind):
    """The RNN walks L steps; self-attention links every pair in one."""
    return {"rnn": (1, 1), "attention": (L, L)}.get(kind) or _unknown()


@wrong(replaces="attention_path_length", fails=["path"])
def rnn_in_parallel(L, kind):
    """Each state of an RNN needs the one before it: L positions are L steps one after the other."""
    return {"rnn": (1, L), "attention": (1, 1)}.get(kind) or _unknown()


@wrong(replaces="attention_path_length", fails=["errors"])
def kind_unchecked(L, kind):
    """An unknown kind must be refused with ValueError, not taken for attention."""
    return (L, L) if kind == "rnn" else (1, 1)


def _unknown():
    raise ValueError("kind")


@wrong(replaces="causal_mask", fails=["device_parity", "device_mask"])
def causal_mask_on_cpu(L, S, device=None):
    """A mask made without device= lies on the CPU, whatever the device of the queries is."""
    return torch.ones(L, S, dtype=torch.bool).tril()


@wrong(replaces="scaled_dot_product_attention", fails=["device_parity", "device_gradient", "device_half"])
def computes_on_cpu(q, k, v, attn_mask=None, is_causal=False, scale=None):
    """A hard-coded .cpu() moves every batch to the host and back: compute where q is."""
    mask = None if attn_mask is None else attn_mask.cpu()
    results = reference(q.cpu(), k.cpu(), v.cpu(), mask, is_causal, scale)
    return tuple(result.to(q.device) for result in results)
