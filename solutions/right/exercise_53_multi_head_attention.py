"""The same in other styles: einsum with one additive mask; head by head, in a loop."""

import math

import torch
from torch import nn


def split_heads(x, num_heads):
    N, L, E = x.shape
    if E % num_heads != 0:
        raise ValueError("heads")
    return x.reshape(N, L, num_heads, E // num_heads).permute(0, 2, 1, 3).contiguous()


def merge_heads(x):
    N, h, L, d = x.shape
    return x.permute(0, 2, 1, 3).reshape(N, L, h * d)


# --- einsum and one additive mask
class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__()
        if embed_dim % num_heads != 0:
            raise ValueError("heads")
        self.embed_dim, self.h, self.d = embed_dim, num_heads, embed_dim // num_heads
        self.in_proj_weight = nn.Parameter(torch.randn(3 * embed_dim, embed_dim) / math.sqrt(embed_dim))
        if bias:
            self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)

    def _project(self, x, part):
        rows = slice(part * self.embed_dim, (part + 1) * self.embed_dim)
        bias = None if self.in_proj_bias is None else self.in_proj_bias[rows]
        return split_heads(nn.functional.linear(x, self.in_proj_weight[rows], bias), self.h)

    def forward(self, query, key, value, key_padding_mask=None, attn_mask=None, need_weights=False):
        q, k, v = self._project(query, 0), self._project(key, 1), self._project(value, 2)
        scores = torch.einsum("nhld,nhsd->nhls", q, k) / math.sqrt(self.d)
        mask = None
        if attn_mask is not None:
            mask = attn_mask
            if mask.dtype == torch.bool:
                mask = torch.zeros(mask.shape, device=mask.device, dtype=scores.dtype).masked_fill(mask, -math.inf)
            mask = mask.view(-1, self.h, *mask.shape[1:]) if mask.dim() == 3 else mask[None, None]
        if key_padding_mask is not None:
            pad = torch.zeros_like(key_padding_mask, dtype=scores.dtype).masked_fill(key_padding_mask, -math.inf)
            mask = pad[:, None, None, :] if mask is None else mask + pad[:, None, None, :]
        if mask is not None:
            scores = scores + mask
        weights = torch.softmax(scores, dim=-1)
        output = self.out_proj(merge_heads(torch.einsum("nhls,nhsd->nhld", weights, v)))
        return (output, weights.sum(1) / self.h) if need_weights else (output, None)


# --- head by head
class MultiHeadAttention(nn.Module):  # noqa: F811
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__()
        if embed_dim // num_heads * num_heads != embed_dim:
            raise ValueError("heads")
        self.heads = num_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim).uniform_(-0.1, 0.1))
        self.register_parameter("in_proj_bias", nn.Parameter(torch.zeros(3 * embed_dim)) if bias else None)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)

    def forward(self, query, key, value, key_padding_mask=None, attn_mask=None, need_weights=False):
        E = query.size(2)
        d = E // self.heads
        outputs, total = [], 0
        for j in range(self.heads):
            parts = []
            for part, x in enumerate((query, key, value)):
                rows = torch.arange(part * E + j * d, part * E + (j + 1) * d, device=query.device)
                y = x @ self.in_proj_weight[rows].t()
                parts.append(y if self.in_proj_bias is None else y + self.in_proj_bias[rows])
            q, k, v = parts
            scores = torch.bmm(q, k.transpose(1, 2)) / d**0.5
            if attn_mask is not None:
                mask = attn_mask[j :: self.heads] if attn_mask.dim() == 3 else attn_mask
                scores = torch.where(mask, -math.inf, scores) if mask.dtype == torch.bool else scores + mask
            if key_padding_mask is not None:
                scores = torch.where(key_padding_mask.unsqueeze(1), -math.inf, scores)
            weights = torch.softmax(scores, dim=2)
            total = total + weights / self.heads
            outputs.append(torch.matmul(weights, v))
        return self.out_proj(torch.cat(outputs, dim=-1)), total if need_weights else None
