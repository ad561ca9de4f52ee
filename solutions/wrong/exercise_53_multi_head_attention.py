"""Answers people really give. Each must fail exactly the checks it names."""

import torch
import torch.nn.functional as F
from torch import nn

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_53_multi_head_attention import MultiHeadAttention as Reference
from dlkit.solutions.exercise_53_multi_head_attention import merge_heads, split_heads

INF = torch.inf


class Steps(Reference):
    """The reference, one method per step."""

    def forward(self, query, key, value, key_padding_mask=None, attn_mask=None, need_weights=False):
        q, k, v = (split_heads(x, self.num_heads) for x in self.project(query, key, value))
        scores = self.scores(q, k)
        if attn_mask is not None:
            scores = self.masked(scores, attn_mask)
        attention = self.normalised(scores, key_padding_mask)
        output = self.joined(attention @ v)
        return output, self.averaged(attention) if need_weights else None

    def linears(self):
        biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        return list(zip(self.in_proj_weight.chunk(3), biases, strict=True))

    def project(self, query, key, value):
        return [F.linear(x, w, b) for x, (w, b) in zip((query, key, value), self.linears(), strict=True)]

    def scores(self, q, k):
        return q @ k.mT * q.shape[-1] ** -0.5

    def masked(self, scores, mask):
        mask = mask.unflatten(0, (-1, self.num_heads)) if mask.ndim == 3 else mask
        return scores.masked_fill(mask, -INF) if mask.dtype == torch.bool else scores + mask

    def normalised(self, scores, padding):
        if padding is not None:
            scores = scores.masked_fill(padding[:, None, None], -INF)
        return scores.softmax(dim=-1)

    def joined(self, heads):
        return self.out_proj(merge_heads(heads))

    def averaged(self, attention):
        return attention.mean(dim=1)


@wrong(
    replaces="split_heads",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "heads_roundtrip", "gradients"],
)
def view_without_transpose(x, num_heads):
    """Reshape to (N, L, h, E/h), then swap L and h: a direct view mixes tokens."""
    return x.reshape(len(x), num_heads, x.shape[1], _head_size(x, num_heads))


def _head_size(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError("num_heads")
    return x.shape[-1] // num_heads


@wrong(
    replaces="merge_heads",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "heads_roundtrip", "gradients"],
)
def merge_without_transpose(x):
    """Swap the axes of heads and positions back before the reshape: without it features of several tokens mix."""
    return x.reshape(x.shape[0], x.shape[2], -1)


@wrong(
    replaces="split_heads",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "heads_roundtrip", "gradients"],
)
def interleaved_heads(x, num_heads):
    """Heads own contiguous slices: features j*d to (j+1)*d - 1, not every h-th one."""
    return x.reshape(*x.shape[:2], _head_size(x, num_heads), num_heads).permute(0, 3, 1, 2)


@wrong(replaces="split_heads", fails=["errors"])
def split_rounds_down(x, num_heads):
    """Features that do not divide into the heads must be refused with ValueError, not dropped."""
    return split_heads(x[..., : x.shape[-1] // num_heads * num_heads], num_heads)


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class scale_full_dim(Steps):
    """Scale by the square root of the HEAD dimension E / h: that many products are summed."""

    def scores(self, q, k):
        return q @ k.mT * self.out_proj.in_features**-0.5


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class no_scale(Steps):
    """The scores are divided by the square root of the head dimension; yours are not."""

    def scores(self, q, k):
        return q @ k.mT


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class softmax_over_heads(Steps):
    """Each head normalises over its keys, the last axis; yours normalises over the heads."""

    def normalised(self, scores, padding):
        weights = scores.softmax(dim=1).nan_to_num(0.0)
        return weights if padding is None else weights.masked_fill(padding[:, None, None], 0)


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class softmax_over_queries(Steps):
    """Each query's weights sum to 1: normalise over the keys (the last axis), not over the queries."""

    def normalised(self, scores, padding):
        weights = scores.softmax(dim=-2).nan_to_num(0.0)
        return weights if padding is None else weights.masked_fill(padding[:, None, None], 0)


@wrong(replaces="MultiHeadAttention", fails=["padding_mask", "attn_masks", "gradients"])
class mask_polarity(Steps):
    """In nn.MultiheadAttention True means IGNORE (scaled_dot_product_attention uses the opposite)."""

    def masked(self, scores, mask):
        return super().masked(scores, ~mask if mask.dtype == torch.bool else mask)

    def normalised(self, scores, padding):
        return super().normalised(scores, None if padding is None else ~padding)


@wrong(replaces="MultiHeadAttention", fails=["padding_mask", "attn_masks", "gradients"])
class padding_after_softmax(Steps):
    """Zeroing the weights of padding after the softmax leaves sums below 1: put -inf into the scores before it."""

    def normalised(self, scores, padding):
        weights = scores.softmax(dim=-1)
        return weights if padding is None else weights.masked_fill(padding[:, None, None], 0)


@wrong(replaces="MultiHeadAttention", fails=["padding_mask", "attn_masks", "gradients"])
class padding_ignored(Steps):
    """key_padding_mask has no effect: keys that are True in it must get the weight 0."""

    def normalised(self, scores, padding):
        return super().normalised(scores, None)


@wrong(replaces="MultiHeadAttention", fails=["attn_masks", "gradients"])
class one_mask_only(Steps):
    """Both masks count when both are given; your attn_mask pushes key_padding_mask aside."""

    def forward(self, query, key, value, key_padding_mask=None, attn_mask=None, need_weights=False):
        padding = key_padding_mask if attn_mask is None else None
        return super().forward(query, key, value, padding, attn_mask, need_weights)


@wrong(replaces="MultiHeadAttention", fails=["attn_masks", "gradients"])
class mask_heads_before_batches(Steps):
    """Entry n * h + j of a per-head mask belongs to batch n: the batch is the slower axis, view it as (N, h, L, S)."""

    def masked(self, scores, mask):
        if mask.ndim == 3:
            mask = mask.unflatten(0, (self.num_heads, -1)).transpose(0, 1).flatten(0, 1)
        return super().masked(scores, mask)


@wrong(replaces="MultiHeadAttention", fails=["attn_masks", "gradients"])
class float_mask_as_bool(Steps):
    """A float attn_mask is a bias that is added to the scores; you only look where it is -inf."""

    def masked(self, scores, mask):
        return super().masked(scores, mask == -INF if mask.is_floating_point() else mask)


@wrong(replaces="MultiHeadAttention", fails=["attn_masks", "gradients"])
class mask_scaled(Steps):
    """A float attn_mask is added AFTER the scaling; yours is divided by the square root of d, too."""

    def masked(self, scores, mask):
        scale = (self.out_proj.in_features // self.num_heads) ** -0.5
        return super().masked(scores, mask * scale if mask.is_floating_point() else mask)


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class no_out_proj(Steps):
    """The output projection mixes the heads: the concatenation is not the result yet."""

    def joined(self, heads):
        return merge_heads(heads) + 0.0 * self.out_proj(merge_heads(heads))


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class qkv_order(Steps):
    """in_proj_weight stacks the projections of q, k and v in this order; you read k, q, v."""

    def linears(self):
        first, second, third = super().linears()
        return [second, first, third]


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class rows_dealt_in_turn(Steps):
    """in_proj_weight holds E rows for q, then E for k, then E for v; you take every third row."""

    def linears(self):
        bias = self.in_proj_bias
        return [(self.in_proj_weight[i::3], None if bias is None else bias[i::3]) for i in range(3)]


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class weight_transposed(Steps):
    """A weight is stored as (out, in): x @ W.T, as F.linear does, not x @ W."""

    def project(self, query, key, value):
        parts = [x @ w for x, (w, _) in zip((query, key, value), self.linears(), strict=True)]
        return [p if b is None else p + b for p, (_, b) in zip(parts, self.linears(), strict=True)]


@wrong(replaces="MultiHeadAttention", fails=["cross_value", "gradients"])
class value_ignored(Steps):
    """The values come from the argument `value`; you project `key` for them, too."""

    def project(self, query, key, value):
        return super().project(query, key, key + 0.0 * value)


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class in_bias_forgotten(Steps):
    """in_proj_bias is loaded but never added to the projections."""

    def linears(self):
        return [(w, None if b is None else 0.0 * b) for w, b in super().linears()]


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class weights_sum(Steps):
    """Average the weights over the heads: a sum of h distributions adds up to h."""

    def averaged(self, attention):
        return attention.sum(dim=1)


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class weights_of_every_head(Steps):
    """The returned weights are averaged over the heads, (N, L, S); you return all heads."""

    def averaged(self, attention):
        return attention


@wrong(replaces="MultiHeadAttention", fails=["gradients"])
class weights_detached(Steps):
    """The weights belong to the graph: with .detach() no loss on them reaches the parameters."""

    def averaged(self, attention):
        return super().averaged(attention.detach())


@wrong(replaces="MultiHeadAttention", fails=["self_value", "cross_value", "padding_mask", "attn_masks"])
class weights_always(Steps):
    """Without need_weights the second result is None: averaging costs memory that nobody asked for."""

    def forward(self, query, key, value, key_padding_mask=None, attn_mask=None, need_weights=False):
        return super().forward(query, key, value, key_padding_mask, attn_mask, True)


@wrong(replaces="MultiHeadAttention", fails=["state_dict", "self_value", "cross_value", "gradients"])
class bias_always(Reference):
    """With bias=False there are no biases, neither of the projections nor of out_proj: your state_dict has some."""

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads)


@wrong(replaces="MultiHeadAttention", fails=["state_dict", "gradients"])
class not_trained(Reference):
    """What is to be trained is an nn.Parameter; a buffer is saved, but gets no gradient."""

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        weight = self.in_proj_weight.detach()
        del self.in_proj_weight
        self.register_buffer("in_proj_weight", weight)


@wrong(replaces="MultiHeadAttention", fails=["state_dict"])
class starts_at_zero(Reference):
    """Weights of 0 give every key the same score, and q and k get no gradient: start with random values."""

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        nn.init.zeros_(self.in_proj_weight)


@wrong(
    replaces="MultiHeadAttention",
    fails=["state_dict", "self_value", "cross_value", "padding_mask", "attn_masks", "gradients"],
)
class three_linears(Reference):
    """The names differ from nn.MultiheadAttention's: one in_proj_weight (3E, E) holds the projections of q, k, v."""

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        del self.in_proj_weight, self.in_proj_bias
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(embed_dim, embed_dim, bias) for _ in range(3))


@wrong(replaces="MultiHeadAttention", fails=["errors"])
class heads_unchecked(Reference):
    """embed_dim must be a multiple of num_heads: say so with ValueError when the module is made."""

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, 1, bias)
        self.num_heads = num_heads


@wrong(
    replaces="MultiHeadAttention",
    fails=["device_parity", "device_stays", "device_gradient", "device_memory", "device_autocast"],
)
class scale_is_a_plain_tensor(Steps):
    """A tensor that is a plain attribute stays on the CPU when the module moves: a number, or register_buffer."""

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        self.scale = torch.full((1,), num_heads / embed_dim, dtype=torch.float64).sqrt()

    def scores(self, q, k):
        return q @ k.mT * self.scale.to(q.dtype)


@wrong(replaces="MultiHeadAttention", fails=["device_stays", "device_memory"])
class mask_made_on_cpu(Steps):
    """torch.zeros(…) without device= lies on the CPU: make the additive mask where the bool mask is."""

    def masked(self, scores, mask):
        if mask.dtype == torch.bool:
            mask = torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(mask, -INF)
        return super().masked(scores, mask)


@wrong(replaces="MultiHeadAttention", fails=["device_stays", "device_gradient", "device_autocast"])
class padding_by_way_of_cpu(Steps):
    """.cpu() makes the host wait and copies the mask there and back: it is where it is needed already."""

    def normalised(self, scores, padding):
        return super().normalised(scores, None if padding is None else padding.cpu().to(scores.device))


@wrong(replaces="MultiHeadAttention", fails=["device_memory"])
class products_before_sum(Steps):
    """(N, h, L, S, d) products take d times the memory of the scores: q @ k.mT sums without keeping them."""

    def scores(self, q, k):
        return (q[:, :, :, None] * k[:, :, None]).sum(dim=-1) * q.shape[-1] ** -0.5


@wrong(replaces="MultiHeadAttention", fails=["device_autocast"])
class lowest_of_the_input(Steps):
    """Under autocast the scores are bfloat16 and float32's lowest number does not fit: fill with -inf."""

    def normalised(self, scores, padding):
        if padding is not None:
            lowest = torch.finfo(self.in_proj_weight.dtype).min
            scores = scores.masked_fill(padding[:, None, None], lowest)
        return scores.softmax(dim=-1)
