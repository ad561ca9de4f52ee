"""Programs with a device bug: a device is named in the code. The machine may have none such."""

import torch
from torch import nn


def buggy_cuda(x):
    return x.cuda() * 2  # <- hard_coded


def buggy_module_cuda(x):
    net = nn.Linear(6, 3)
    net.cuda()  # <- hard_coded
    return net(x)


def buggy_to_cuda(x):
    return x.to("cuda")  # <- hard_coded


def buggy_to_cuda_number(x):
    return x.to("cuda:0", non_blocking=True)  # <- hard_coded


def buggy_module_to_cuda(x):
    return nn.Linear(6, 3).to(torch.device("cuda"))(x)  # <- hard_coded


def buggy_zeros_cuda(x):
    return x + torch.zeros(6, device="cuda")  # <- hard_coded


def buggy_literal_cuda(x):
    return x + torch.tensor([1.0] * 6, device="cuda")  # <- hard_coded


def buggy_layer_cuda(x):
    return nn.Linear(6, 3, device="cuda")(x)  # <- hard_coded


def buggy_synchronize(x):
    y = x * 2
    torch.cuda.synchronize()  # <- hard_coded
    return y


def buggy_current_device(x):
    return x + torch.cuda.current_device()  # <- hard_coded


def buggy_device_name(x):
    torch.cuda.get_device_name(0)  # <- hard_coded
    return x


def buggy_set_device(x):
    torch.cuda.set_device(0)  # <- hard_coded
    return x


def buggy_event(x):
    start = torch.cuda.Event(enable_timing=True)  # <- hard_coded
    start.record()
    return x


def buggy_stream(x):
    with torch.cuda.stream(torch.cuda.Stream()):  # <- hard_coded
        return x * 2


def buggy_autocast(x):
    with torch.autocast("cuda", dtype=torch.float16):  # <- hard_coded
        return x @ x.T


def buggy_autocast_keyword(x):
    with torch.amp.autocast(device_type="cuda"):  # <- hard_coded
        return x @ x.T


def buggy_autocast_decorator(x):
    @torch.autocast("cuda", dtype=torch.bfloat16)  # <- hard_coded
    def product(a):
        return a @ a.T

    return product(x)


def buggy_grad_scaler(x):
    scaler = torch.amp.GradScaler("cuda")  # <- hard_coded
    return scaler.scale(x.sum())


def buggy_default_device(x):
    torch.set_default_device("cuda")  # <- hard_coded
    torch.set_default_device(None)
    return x


def buggy_device_context(x):
    with torch.device("cuda"):
        return x + torch.ones(6)  # <- hard_coded


def buggy_generator_cuda(x):
    generator = torch.Generator(device="cuda")  # <- hard_coded
    return torch.rand(3, generator=generator)


def buggy_legacy_type(x):
    return x + torch.cuda.FloatTensor(4, 6).fill_(0)  # <- hard_coded


def buggy_type_by_name(x):
    return x.type("torch.cuda.FloatTensor")  # <- hard_coded


def buggy_mps(x):
    return x + torch.zeros(6, device="mps")  # <- hard_coded


def buggy_named_and_caught(x):
    try:
        return x.cuda()  # <- hard_coded
    except Exception:
        return x
