"""Scaled dot-product attention.

Every query looks at all keys, turns the similarities into weights that sum to 1, and takes the weighted mean
of the values:

    scores[l, s]  = scale * sum_e q[l, e] * k[s, e]  (+ mask),    scale = 1 / sqrt(E) unless given
    weights[l, s] = exp(scores[l, s]) / sum_j exp(scores[l, j])                (softmax over the KEYS)
    output[l]     = sum_s weights[l, s] * v[s]

The sum of E products of independent numbers of variance 1 has the variance E; the factor 1 / sqrt(E) makes it
1 again, so that the softmax does not saturate when E grows.

`scaled_dot_product_attention(q, k, v, attn_mask=None, is_causal=False, scale=None)`
    q          tensor (..., L, E), queries
    k          tensor (..., S, E), keys
    v          tensor (..., S, Ev), values; all three have the same dtype and the same leading axes (none, one
               or several: batch, heads)
    attn_mask  broadcasts to (..., L, S). bool: True means "may attend", False is as good as a score of -inf.
               Float (q's dtype, or float32 with half-precision q): ADDED to the scaled scores; may hold -inf
    is_causal  True: query l sees the keys s <= l only, itself included, counted from the top left corner
               whatever L and S are
    scale      a float that replaces 1 / sqrt(E); any number, 0.0 and negative ones, too
    returns    (output, weights) of shapes (..., L, Ev) and (..., L, S), BOTH in q's dtype, weights as they
               were used: masked positions have weight exactly 0. Autograd reaches q, k, v and a float mask
               through both

    A query with no position that it may see (all False, or all -inf) gets weights 0 and output 0, not NaN,
    and every gradient stays finite. (F.scaled_dot_product_attention has given NaN here in some versions.)
    Scores of 1e4 give finite results in every precision. float16 and bfloat16: take the softmax in float32,
    the number of keys alone may exceed what float16 can hold. Before scaling, scores stay below 6e4 in size.
    The inputs are left as they are.
    ValueError: attn_mask together with is_causal; E of q and k, S of k and v, or the leading axes of the
    three differ (these do not broadcast); S = 0; an attn_mask that does not broadcast to (..., L, S), such as
    one with more axes.

`causal_mask(L, S, device=None)`
    returns    bool tensor (L, S) on that device: True where query l may see key s, which is s <= l

`attention_path_length(L, kind)`
    L          number of positions, an int >= 1
    kind       'rnn' or 'attention'; anything else raises ValueError
    returns    two ints: the steps that have to be taken one after the other to process L positions, and the
               longest way, in steps, from one position to another. An RNN walks: (L, L). Self-attention links
               every pair in one step, all of them at once: (1, 1)

Example
    >>> q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    >>> k = torch.tensor([[1.0986, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])  # log 3
    >>> v = torch.tensor([[4.0], [8.0]])
    >>> output, weights = scaled_dot_product_attention(q, k, v)  # scores [2 log(3) / sqrt(4), 0]
    >>> weights  # 3 / (3 + 1), 1 / (3 + 1)
    tensor([[0.7500, 0.2500]])
    >>> output  # 3/4 * 4 + 1/4 * 8
    tensor([[5.0000]])
    >>> scaled_dot_product_attention(q, k, v, attn_mask=torch.tensor([[False, True]]))[0]
    tensor([[8.]])
    >>> causal_mask(2, 3)
    tensor([[ True, False, False],
            [ True,  True, False]])
    >>> attention_path_length(512, 'rnn'), attention_path_length(512, 'attention')
    ((512, 512), (1, 1))

Asked next: what does attention cost in time and memory for L positions, and how does FlashAttention avoid the
L x S matrix? Why do keys and values have projections of their own? How does attention know the order of the
positions? Why is True "may attend" here and "ignore" in nn.MultiheadAttention, and how would you notice a
mix-up?
"""

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
    raise NotImplementedError("TODO: scores, mask, softmax over the keys, weighted mean of the values")


def causal_mask(L: int, S: int, device: torch.device | str | None = None) -> Tensor:
    raise NotImplementedError("TODO: True where s <= l")


def attention_path_length(L: int, kind: str) -> tuple[int, int]:
    raise NotImplementedError("TODO: sequential steps and longest path")
