import torch
from torch import Tensor


def scaled_dot_product_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    _check_shapes(q, k, v)
    if is_causal:
        if attn_mask is not None:
            raise ValueError("give attn_mask or is_causal, not both")
        attn_mask = causal_mask(q.shape[-2], k.shape[-2], q.device)
    if scale is None:
        scale = q.shape[-1] ** -0.5
    scores = q @ k.mT * scale  # (..., L, S)
    if attn_mask is not None:
        scores = _masked(scores, attn_mask)
    nothing = scores.isneginf().all(dim=-1, keepdim=True)  # (..., L, 1): the query may see no key
    # With numbers instead of -inf in such a row no NaN arises that a gradient could pick up.
    # torch's softmax computes half precision in float32.
    weights = scores.masked_fill(nothing, 0).softmax(dim=-1).masked_fill(nothing, 0).to(q.dtype)
    return weights @ v, weights


def _check_shapes(q: Tensor, k: Tensor, v: Tensor) -> None:
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError("q, k and v differ in their leading axes")
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("q and k differ in E")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError("k and v differ in S")
    if k.shape[-2] == 0:
        raise ValueError("there is no key")


def _masked(scores: Tensor, attn_mask: Tensor) -> Tensor:
    try:
        attn_mask = attn_mask.expand(scores.shape)
    except RuntimeError:
        raise ValueError("attn_mask does not broadcast to (..., L, S)") from None
    if attn_mask.dtype == torch.bool:
        return scores.masked_fill(~attn_mask, -torch.inf)
    return scores + attn_mask


def causal_mask(L: int, S: int, device: torch.device | str | None = None) -> Tensor:
    return torch.ones(L, S, dtype=torch.bool, device=device).tril()


def attention_path_length(L: int, kind: str) -> tuple[int, int]:
    if kind == "rnn":
        return L, L
    if kind == "attention":
        return 1, 1
    raise ValueError("kind must be 'rnn' or 'attention'")
