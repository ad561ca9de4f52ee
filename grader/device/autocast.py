"""torch.autocast on `sim`: matrix products in the low precision, what is sensitive in float32, as on CUDA.

The two lists are PyTorch's for CUDA (docs: "CUDA Ops that can autocast"); an operator in neither runs as it is.
"""

from collections.abc import Callable
from typing import Any

import torch

from .watch import tensors_in

_KEY = "AutocastPrivateUse1"
_LOW = """
matmul mm bmm mv addmm addbmm baddbmm addmv linear prelu conv1d conv2d conv3d conv_transpose1d
conv_transpose2d.input conv_transpose3d.input convolution conv_tbc scaled_dot_product_attention
""".split()
_FLOAT32 = """
acos asin cosh erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan softplus pow.Tensor_Scalar
pow.Tensor_Tensor pow.Scalar layer_norm group_norm norm.Scalar norm.ScalarOpt_dim cosine_similarity
cosine_embedding_loss nll_loss nll_loss_nd kl_div l1_loss smooth_l1_loss huber_loss mse_loss cross_entropy_loss
hinge_embedding_loss margin_ranking_loss soft_margin_loss triplet_margin_loss multi_margin_loss
binary_cross_entropy_with_logits dist cdist renorm logsumexp prod prod.dim_int softmax.int log_softmax.int cumprod
cumsum
""".split()
_LIBRARIES: list[torch.library.Library] = []


def install() -> None:
    """Once in a process."""
    everything = torch.library.Library("_", "IMPL", _KEY)
    everything.fallback(torch.library.fallthrough_kernel)
    some = torch.library.Library("aten", "IMPL", _KEY)
    for name in _LOW:
        some.impl(name, _casting(_operator(name), _low))
    for name in _FLOAT32:
        some.impl(name, _casting(_operator(name), lambda: torch.float32))
    _LIBRARIES[:] = [everything, some]


def _operator(name: str) -> Any:
    base, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, base), overload or "default")


def _low() -> torch.dtype:
    return torch.get_autocast_dtype("sim")


def _casting(operator: Any, dtype: Callable[[], torch.dtype]) -> Callable[..., Any]:
    def kernel(*args: Any, **kwargs: Any) -> Any:
        with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(getattr(torch._C.DispatchKey, _KEY))):
            wanted = dtype()
            if all(t.dtype == wanted for t in tensors_in((args, kwargs))):
                return operator(*args, **kwargs)
            return operator(*_cast(args, wanted), **_cast(kwargs, wanted))

    return kernel


def _cast(value: Any, dtype: torch.dtype) -> Any:
    """float64 stays, as on CUDA."""
    if isinstance(value, torch.Tensor):
        eligible = value.is_floating_point() and value.dtype is not torch.float64 and value.device.type == "sim"
        return value.to(dtype) if eligible and value.dtype is not dtype else value
    if type(value) in (list, tuple):
        return type(value)(_cast(v, dtype) for v in value)
    if type(value) is dict:
        return {k: _cast(v, dtype) for k, v in value.items()}
    return value
