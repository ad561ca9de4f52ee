"""The same in other styles: exponentials by hand with einsum; one query at a time; everything as an additive bias."""

import math

import torch


def causal_mask(L, S, device=None):
    return torch.arange(S, device=device)[None, :] <= torch.arange(L, device=device)[:, None]


def attention_path_length(L, kind):
    return {"rnn": [L, L], "attention": [1, 1]}[_known(kind)]


def _known(kind):
    if kind not in ("rnn", "attention"):
        raise ValueError("kind")
    return kind


def _check(q, k, v, attn_mask, is_causal):
    *lead, L, E = q.shape
    S = k.shape[-2]
    if S == 0 or list(k.shape) != [*lead, S, E] or list(v.shape[:-1]) != [*lead, S]:
        raise ValueError("shapes")
    if attn_mask is None:
        return causal_mask(L, S, q.device) if is_causal else None
    if is_causal:
        raise ValueError("two masks")
    full, got = [*lead, L, S], list(attn_mask.shape)
    pairs = zip(reversed(full), reversed(got), strict=False)
    if len(got) > len(full) or any(a not in (1, b) for b, a in pairs):
        raise ValueError("mask")
    return attn_mask


# --- exponentials by hand
def scaled_dot_product_attention(q, k, v, attn_mask=None, is_causal=False, scale=None):
    mask = _check(q, k, v, attn_mask, is_causal)
    wide = torch.float64 if q.dtype == torch.float64 else torch.float32
    scale = 1 / math.sqrt(q.size(-1)) if scale is None else scale
    scores = torch.einsum("...le,...se->...ls", q.to(wide) * scale, k.to(wide))
    allowed = torch.ones_like(scores, dtype=torch.bool)
    if mask is not None and mask.dtype == torch.bool:
        allowed = allowed & mask
    elif mask is not None:
        allowed = allowed & (mask != -math.inf)
        scores = scores + torch.where(mask == -math.inf, 0.0, mask)
    lowest = torch.finfo(wide).min
    top = torch.where(allowed, scores, lowest).amax(dim=-1, keepdim=True).detach()
    e = torch.exp(torch.where(allowed, scores - top, 0.0)) * allowed
    weights = e / e.sum(dim=-1, keepdim=True).clamp_min(0.5)
    output = torch.einsum("...ls,...sv->...lv", weights, v.to(wide))
    return output.to(q.dtype), weights.to(q.dtype)


# --- one query at a time
def scaled_dot_product_attention(q, k, v, attn_mask=None, is_causal=False, scale=None):  # noqa: F811
    mask = _check(q, k, v, attn_mask, is_causal)
    *lead, L, E = q.shape
    S, wide = k.shape[-2], torch.promote_types(q.dtype, torch.float32)
    if mask is None:
        mask = torch.ones(L, S, dtype=torch.bool, device=q.device)
    mask = mask.expand(*lead, L, S)
    bias = (
        torch.zeros(mask.shape, dtype=wide, device=q.device).masked_fill(~mask, -math.inf)
        if (mask.dtype == torch.bool)
        else mask.to(wide)
    )
    rows = []
    for row in range(L):
        z = (k.to(wide) * q[..., row : row + 1, :].to(wide)).sum(-1)
        z = z * (E**-0.5 if scale is None else scale) + bias[..., row, :]
        empty = (bias[..., row, :] == -math.inf).all(-1, keepdim=True)
        rows.append(torch.where(empty, 0.0, torch.softmax(torch.where(empty, 0.0, z), -1)))
    weights = torch.stack(rows, dim=-2).to(q.dtype)
    return torch.matmul(weights, v), weights


# --- the input dtype throughout, but for the softmax
def scaled_dot_product_attention(q, k, v, attn_mask=None, is_causal=False, scale=None):  # noqa: F811
    mask = _check(q, k, v, attn_mask, is_causal)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = torch.matmul(q, k.transpose(-2, -1)) * scale
    if mask is None:
        mask = scores.new_zeros(())
    if mask.dtype == torch.bool:
        mask = torch.where(mask, scores.new_zeros(()), scores.new_full((), -math.inf))
    mask = mask.to(q.dtype)
    blind = torch.isneginf(mask).expand_as(scores).all(dim=-1, keepdim=True)
    weights = torch.softmax(torch.where(blind, 0.0, scores + mask).double(), dim=-1).to(q.dtype)
    weights = weights * ~blind
    return torch.matmul(weights, v), weights
