"""Multi-head attention.

Several attentions side by side, each on a slice of the features, so that one position can look for several
things at once. With E = embed_dim, h = num_heads and d = E / h:

    q = query W_q^T + b_q,  k = key W_k^T + b_k,  v = value W_v^T + b_v     in_proj_weight = [W_q; W_k; W_v]
    head j owns the features j*d, ..., (j+1)*d - 1 of q, k and v
    weights_j = softmax(q_j k_j^T / sqrt(d)  masked)     over the keys
    output = concat(weights_0 v_0, ..., weights_{h-1} v_{h-1}) W_o^T + b_o

It is torch.nn.MultiheadAttention (dropout 0), batch first, under the same parameter names.

`split_heads(x, num_heads)`
    x         tensor (N, L, E) of any dtype
    returns   (N, h, L, E / h): entry [n, j, l, i] is x[n, l, j * (E / h) + i]
    ValueError: E is not a multiple of num_heads.

`merge_heads(x)`
    x         tensor (N, h, L, d), contiguous or not
    returns   (N, L, h * d); the inverse of split_heads

`MultiHeadAttention(embed_dim, num_heads, bias=True)`, an nn.Module
    Parameters: in_proj_weight (3E, E), the rows of q, k and v in that order; in_proj_bias (3E,); and
    out_proj, an nn.Linear(E, E). With bias=False there is no bias, neither in_proj_bias nor out_proj.bias, in
    the state_dict.
    A state_dict of nn.MultiheadAttention(embed_dim, num_heads, bias, batch_first=True) loads unchanged,
    strictly, and there are no other parameters or buffers in it.
    All parameters are trained. Before anything is loaded they are finite, and in_proj_weight is random
    (Xavier uniform is usual, with biases of 0).
    ValueError: embed_dim is not a multiple of num_heads.

`forward(query, key, value, key_padding_mask=None, attn_mask=None, need_weights=False)`
    query             (N, L, E), floats of the parameters' dtype
    key, value        (N, S, E), S need not be L; self-attention is a call with the same tensor three times
    key_padding_mask  (N, S), bool, True means IGNORE: this key is padding, for every query and head
    attn_mask         (L, S), for all batches and heads, or (N * h, L, S), where entry n * h + j belongs to
                      head j of batch n. bool: True means IGNORE. Float: added to the scaled scores; may hold
                      -inf. Both masks may be given. Every query is left with a key that it may see.
    returns           (output, weights): output (N, L, E); weights (N, L, S), the MEAN over the heads, through
                      which autograd reaches the parameters, too; None unless need_weights

    True means the opposite of what it means in scaled_dot_product_attention.
    The inputs are left as they are. Nothing much larger than the scores (N, h, L, S) is needed at any time.
    The module works under torch.autocast, where the projections come out in bfloat16 although the inputs are
    float32.

Example
    >>> x = torch.arange(8).reshape(1, 2, 4)
    >>> split_heads(x, 2)
    tensor([[[[0, 1],
              [4, 5]],
    <BLANKLINE>
             [[2, 3],
              [6, 7]]]])
    >>> merge_heads(split_heads(x, 2)).equal(x)
    True
    >>> attention = MultiHeadAttention(4, 2)
    >>> sorted(attention.state_dict())
    ['in_proj_bias', 'in_proj_weight', 'out_proj.bias', 'out_proj.weight']
    >>> x, y = torch.ones(1, 3, 4), torch.ones(1, 2, 4)
    >>> output, weights = attention(x, y, y, need_weights=True)
    >>> output.shape, weights[0, 0].tolist()  # two equal keys
    (torch.Size([1, 3, 4]), [0.5, 0.5])

Asked next: does h = 8 cost more than h = 1? What do multi-query and grouped-query attention share between
heads, and what does that save when tokens are generated one at a time? Why is the output projected once more?
"""

import torch  # noqa: F401
from torch import Tensor, nn


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    raise NotImplementedError("TODO: (N, L, E) -> (N, h, L, E / h)")


def merge_heads(x: Tensor) -> Tensor:
    raise NotImplementedError("TODO: (N, h, L, d) -> (N, L, h * d)")


class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim: int, num_heads: int, bias: bool = True) -> None:
        raise NotImplementedError("TODO: in_proj_weight, in_proj_bias, out_proj")

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        raise NotImplementedError("TODO: project, split, attend, merge, project")
