"""Programs without a device bug: modules, optimizers, data. x is (4, 6), images (2, 3, 8, 8), steps (4, 5, 6)."""

import contextlib
import copy
import io

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def _net():
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


def _train(x, make, count=3):
    net = _net().to(x.device)
    optimizer = make(net.parameters())
    labels = torch.tensor([0, 1, 2, 0], device=x.device)
    for _ in range(count):
        optimizer.zero_grad()
        F.cross_entropy(net(x), labels).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    return [p.detach() for p in net.parameters()], net.state_dict()


def clean_sgd(x):
    return _train(x, lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01))


def clean_adam(x):
    return _train(x, lambda p: torch.optim.Adam(p, 0.01, amsgrad=True))


def clean_adamw(x):
    return _train(x, lambda p: torch.optim.AdamW(p, 0.01))


def clean_rmsprop(x):
    return _train(x, lambda p: torch.optim.RMSprop(p, 0.01, momentum=0.5))


def clean_foreach(x):
    return _train(x, lambda p: torch.optim.Adam(p, 0.01, foreach=True))


def clean_fused(x):
    return _train(x, lambda p: torch.optim.AdamW(p, 0.01, fused=True))


def clean_schedule_and_saved_optimizer(x):
    net = _net().to(x.device)
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
    for _ in range(2):
        net(x).square().mean().backward()
        optimizer.step()
        schedule.step()
    other = torch.optim.Adam(net.parameters(), 0.5)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    other.step()
    return [p.detach() for p in net.parameters()], schedule.get_last_lr()


def clean_norm_layers(images):
    layers = [nn.BatchNorm2d(3), nn.GroupNorm(3, 3), nn.InstanceNorm2d(3, affine=True, track_running_stats=True)]
    out = []
    for layer in [*layers, nn.LayerNorm([3, 8, 8]), nn.RMSNorm([8]), nn.LocalResponseNorm(2)]:
        layer.to(images.device)
        out += [layer(images), layer.eval()(images).detach(), *layer.buffers()]
    return out


def clean_batch_norm_gradients(images):
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 2)
    )
    net.to(images.device)
    net(images).sum().backward()
    return [p.grad for p in net.parameters()]


def clean_dropout(x):
    return F.dropout(x, 0.5), nn.Dropout(0.2)(x), nn.Dropout(0.5).eval()(x), F.alpha_dropout(x, 0.3, training=True)


def clean_embedding(ids):
    table = nn.Embedding(10, 4, padding_idx=0).to(ids.device)
    table(ids).square().sum().backward()
    return table.weight.grad, table(ids)


def clean_rnn(steps):
    layer = nn.RNN(6, 3, batch_first=True).to(steps.device)
    out, last = layer(steps)
    out.sum().backward()
    return out, last, layer.weight_hh_l0.grad


def clean_gru(steps):
    layer = nn.GRU(6, 3, num_layers=2, batch_first=True).to(steps.device)
    out, last = layer(steps)
    out.sum().backward()
    return out, last, layer.weight_hh_l0.grad


def clean_lstm(steps):
    layer = nn.LSTM(6, 3, batch_first=True, bidirectional=True).to(steps.device)
    out, (hidden, cell) = layer(steps)
    (out.sum() + cell.square().sum()).backward()
    return out, hidden, cell, layer.weight_hh_l0.grad, layer.bias_ih_l0.grad


def clean_recurrent_cells(x):
    lstm, gru = nn.LSTMCell(6, 3).to(x.device), nn.GRUCell(6, 3).to(x.device)
    hidden, cell = lstm(x)
    hidden, cell = lstm(x, (hidden, cell))
    (gru(x, hidden).sum() + cell.sum()).backward()
    return hidden, cell, lstm.weight_ih.grad, gru.weight_hh.grad


def clean_packed_sequences(steps):
    packed = nn.utils.rnn.pack_padded_sequence(steps, torch.tensor([5, 3, 2, 1]), batch_first=True)
    out, last = nn.GRU(6, 3, batch_first=True).to(steps.device)(packed)
    return (
        nn.utils.rnn.pad_packed_sequence(out, batch_first=True)[0],
        last,
        nn.utils.rnn.pad_sequence([steps[0], steps[1, :2]]),
    )


def clean_multihead_attention(steps):
    layer = nn.MultiheadAttention(6, 2, batch_first=True).to(steps.device)
    mask = torch.ones(5, 5, dtype=torch.bool, device=steps.device).triu(1)
    out, weights = layer(steps, steps, steps, attn_mask=mask)
    out.sum().backward()
    return out, weights, layer.in_proj_weight.grad, layer(steps, steps, steps, need_weights=False)[0]


def clean_transformer(steps):
    layer = nn.TransformerEncoderLayer(6, 2, 16, batch_first=True, norm_first=True)
    net = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).to(steps.device)
    out = net(steps, mask=nn.Transformer.generate_square_subsequent_mask(5, device=steps.device))
    out.mean().backward()
    return out, [p.grad for p in net.parameters()]


def clean_transformer_in_eval(steps):
    layer = nn.TransformerEncoderLayer(6, 2, 16, batch_first=True).to(steps.device).eval()
    attention = nn.MultiheadAttention(6, 2, batch_first=True).to(steps.device).eval()
    with torch.no_grad():
        return layer(steps), attention(steps, steps, steps)[0]


def clean_decoder(steps):
    net = nn.TransformerDecoderLayer(6, 2, 16, batch_first=True).to(steps.device)
    return net(steps, steps * 2)


class _Buffers(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.arange(6.0))
        self.register_buffer("seen", torch.zeros(6), persistent=False)
        self.weight = nn.Parameter(torch.ones(6))

    def forward(self, x):
        self.seen += x.detach().mean(0)
        self.seen = self.seen * 0.5
        return x * self.weight + self.steps


def clean_buffers(x):
    net = _Buffers().to(x.device)
    net(x).sum().backward()
    return net(x).detach(), net.seen, net.steps, list(net.state_dict()), net.weight.grad


def clean_moved_after_the_optimizer(x):
    net = nn.Linear(6, 2)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    before = [id(p) for p in net.parameters()]
    net.to(x.device)
    net(x).sum().backward()
    optimizer.step()
    return net.weight.detach(), before == [id(p) for p in net.parameters()], isinstance(net.weight, nn.Parameter)


def clean_tied_parameters(ids):
    net = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 10, bias=False))
    net[1].weight = net[0].weight
    net.to(ids.device)
    net(ids).square().mean().backward()
    return net[0].weight is net[1].weight, net[0].weight.grad, len(list(net.parameters()))


def clean_moved_with_gradients(x):
    net = nn.Linear(6, 2)
    net(torch.ones(1, 6)).sum().backward()
    net.to(x.device)
    net(x).sum().backward()
    return net.weight.grad, net.bias.grad


def clean_moved_with_a_living_graph(x):
    net = nn.Linear(6, 2)
    early = net(torch.ones(1, 6)).sum()
    net.to(x.device)
    return net(x).detach(), early.requires_grad


def clean_state_dict(x):
    first, second = _net().to(x.device), _net().to(x.device)
    keys = second.load_state_dict(first.state_dict())
    host = {k: v.cpu() for k, v in _net().state_dict().items()}
    third = _net().to(x.device)
    third.load_state_dict(host, strict=True)
    fourth = _net().to(x.device)
    fourth.load_state_dict(first.state_dict(), assign=True)
    return [net.eval()(x) for net in (first, second, third, fourth)], str(keys), third[0].weight.device == x.device


def clean_module_copies(x):
    net = _net().to(x.device)
    twin = copy.deepcopy(net)
    with torch.no_grad():
        for slow, fast in zip(twin.parameters(), net.parameters(), strict=True):
            slow.mul_(0.9).add_(fast, alpha=0.1)
            slow.lerp_(fast, 0.5)
    return twin.eval()(x), twin.double()(x.double()).dtype == torch.float64, net[0].weight.device == x.device


def clean_initialized(x):
    layer = nn.Linear(6, 3, device=x.device)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    nn.init.orthogonal_(nn.Linear(3, 3).to(x.device).weight)
    nn.init.trunc_normal_(layer.weight, std=0.02)
    nn.init.kaiming_normal_(layer.weight)
    layer.reset_parameters()
    return layer(x)


def clean_frozen_backbone(x):
    backbone, head = nn.Linear(6, 4).to(x.device), nn.Linear(4, 2).to(x.device)
    backbone.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in head.parameters() if p.requires_grad], 0.1)
    head(backbone(x)).sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    return head.weight.detach(), backbone.weight.grad, head.weight.grad


def clean_autocast(x):
    out = []
    for dtype in (torch.bfloat16, torch.float16):
        net = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Linear(8, 3)).to(x.device)
        with torch.autocast(device_type=x.device.type, dtype=dtype):
            y = net(x)
            with torch.autocast(device_type=x.device.type, enabled=False):
                z = y.float() @ y.float().T
            loss = F.cross_entropy(y, torch.zeros(4, dtype=torch.long, device=x.device))
        loss.backward()
        out += [y.dtype == dtype, loss.dtype, z.dtype, net[0].weight.grad.dtype]
    return out


def clean_loss_scaling_by_hand(x):
    net = nn.Linear(6, 3).to(x.device)
    scale = torch.full((), 1024.0, device=x.device)
    (net(x).square().mean() * scale).backward()
    finite = torch.stack([p.grad.isfinite().all() for p in net.parameters()]).all()
    with torch.no_grad():
        for p in net.parameters():
            p -= torch.where(finite, p.grad / scale, 0.0)
    return net.weight.detach(), torch.where(finite, scale * 2, scale / 2)


def clean_grad_scaler(x):
    net = nn.Linear(6, 3).to(x.device)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    scaler = torch.amp.GradScaler(x.device.type, init_scale=8.0)
    for _ in range(2):
        scaler.scale(net(x).square().mean()).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    return net.weight.detach()


def clean_data_loader(x):
    torch.manual_seed(0)
    data = TensorDataset(torch.arange(24.0).view(4, 6), torch.tensor([0, 1, 2, 1]))
    total = torch.zeros((), device=x.device)
    net = nn.Linear(6, 3).to(x.device)
    for rows, labels in DataLoader(data, batch_size=2, shuffle=True, generator=torch.Generator().manual_seed(0)):
        rows, labels = rows.to(x.device), labels.to(x.device, non_blocking=True)
        total += F.cross_entropy(net(rows), labels).detach()
    return total / 2


def clean_wrapped_weights(x):
    net = nn.utils.parametrizations.weight_norm(nn.Linear(6, 3)).to(x.device)
    net(x).sum().backward()
    return net(x).detach(), net.parametrizations.weight.original0.grad


def clean_vector_of_parameters(x):
    net = nn.Linear(6, 3).to(x.device)
    vector = nn.utils.parameters_to_vector(net.parameters())
    nn.utils.vector_to_parameters(vector * 2, net.parameters())
    return net.weight.detach(), vector.detach()


def clean_chosen_from_the_input(x):
    device = next(nn.Linear(2, 2).to(x.device).parameters()).device
    with contextlib.suppress(RuntimeError):
        torch.cuda.is_available()
    torch.manual_seed(4)
    return torch.randn(3, device=device), torch.zeros(2).to(device, torch.float16), torch.ones(2).to(x)


def clean_functional_call(x):
    net = nn.Linear(6, 3).to(x.device)
    weights = {k: v * 2 for k, v in net.named_parameters()}
    return torch.func.functional_call(net, weights, (x,))


def clean_average_of_weights(x):
    net = nn.Linear(6, 3).to(x.device)
    average = torch.optim.swa_utils.AveragedModel(net)
    average.update_parameters(net)
    average.update_parameters(net)
    return average(x)


def clean_pinned_loader(x):
    loader = DataLoader(TensorDataset(torch.arange(24.0).view(4, 6)), batch_size=2, pin_memory=True)
    return torch.cat([rows.to(x.device, non_blocking=True) + x[:2] for (rows,) in loader])


def clean_distributions(x):
    normal = torch.distributions.Normal(x, x.abs() + 1)
    return normal.log_prob(x), normal.rsample(), torch.distributions.Categorical(logits=x).sample()


def clean_loaded_onto_the_device(x):
    file = io.BytesIO()
    torch.save({"net": nn.Linear(6, 3).state_dict(), "step": 3}, file)
    file.seek(0)
    kept = torch.load(file, map_location=x.device)
    net = nn.Linear(6, 3).to(x.device)
    net.load_state_dict(kept["net"])
    return net(x), kept["step"], kept["net"]["weight"].device == x.device
