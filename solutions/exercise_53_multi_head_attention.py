import torch
import torch.nn.functional as F
from torch import Tensor, nn


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    if x.shape[-1] % num_heads:
        raise ValueError("E must be a multiple of num_heads")
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)  # (N, L, h, d) -> (N, h, L, d)


def merge_heads(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)  # (N, L, h, d) -> (N, L, h * d)


class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim: int, num_heads: int, bias: bool = True) -> None:
        super().__init__()
        if embed_dim % num_heads:
            raise ValueError("embed_dim must be a multiple of num_heads")
        self.num_heads = num_heads
        self.in_proj_weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(3 * embed_dim, embed_dim)))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim)) if bias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        q, k, v = self._heads(query, 0), self._heads(key, 1), self._heads(value, 2)  # (N, h, L or S, d)
        scores = q * q.shape[-1] ** -0.5 @ k.mT  # (N, h, L, S)
        if attn_mask is not None:
            if attn_mask.ndim == 3:
                attn_mask = attn_mask.unflatten(0, (-1, self.num_heads))  # (N * h, L, S) -> (N, h, L, S)
            scores = scores.masked_fill(attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
        if key_padding_mask is not None:
            scores = scores.masked_fill(key_padding_mask[:, None, None], -torch.inf)
        attention = scores.softmax(dim=-1)
        output = self.out_proj(merge_heads(attention @ v))
        return output, attention.mean(dim=1) if need_weights else None

    def _heads(self, x: Tensor, part: int) -> Tensor:
        """Projected by part 0 (q), 1 (k) or 2 (v) of the stacked parameters, and split."""
        weight = self.in_proj_weight.chunk(3)[part]
        bias = None if self.in_proj_bias is None else self.in_proj_bias.chunk(3)[part]
        return split_heads(F.linear(x, weight, bias), self.num_heads)
