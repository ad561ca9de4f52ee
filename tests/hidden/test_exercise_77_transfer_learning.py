"""Each docstring is the line the learner reads. Networks are built, with given numbers, in the candidate and, for the
oracle, here; what is expected is listed by the names of parameters and submodules."""

import numpy as np
import torch
from torch import nn

from dlkit.grader.compare import check, check_close, check_dtype, check_equal, check_pure, check_raises
from dlkit.grader.on_device import check_stays, on_cpu, where
from dlkit.grader.plugin import device_check, points

NEAR = {"rtol": 1e-3, "atol": 1e-4}
# Net's parameters in order, with their ndim
PARAMETERS = [
    ("features.0.weight", 2), ("features.0.bias", 1), ("features.1.weight", 1), ("features.1.bias", 1),
    ("fc2.weight", 2), ("fc2.bias", 1), ("classifier.0.weight", 1), ("classifier.0.bias", 1),
    ("classifier.1.weight", 2), ("classifier.1.bias", 1), ("fc.weight", 2), ("fc.bias", 1), ("twin.bias", 1),
]  # fmt: skip


class Net(nn.Module):
    """A network with heads at several depths; `twin` shares the weight of fc2."""

    def __init__(self, a, b, c):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(0.5))
        self.fc2 = nn.Linear(b, b)
        self.classifier = nn.Sequential(nn.LayerNorm(b), nn.Linear(b, c))
        self.fc = nn.Linear(c, c)
        self.twin = nn.Linear(b, b)
        self.twin.weight = self.fc2.weight

    def forward(self, x):
        return self.fc(self.classifier(self.twin(self.fc2(self.features(x)))))


def filled(module, seed):
    """All parameters and statistics from one generator of numpy; in float64."""
    rng, module = np.random.default_rng(seed), module.double()
    with torch.no_grad():
        for name, value in [*module.named_parameters(), *module.named_buffers()]:
            if value.is_floating_point():
                low, high = (0.5, 1.5) if name.endswith("var") else (-1.0, 1.0)
                value.copy_(torch.tensor(rng.uniform(low, high, size=tuple(value.shape))))
    return module


def backbone_of(a, b, seed):
    inner = nn.Sequential(nn.Linear(b, b), nn.BatchNorm1d(b))
    return filled(nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(0.5), inner), seed)


def head_of(b, c, seed):
    return filled(nn.Sequential(nn.BatchNorm1d(b), nn.Linear(b, c)), seed)


def sizes(rng):
    return [int(n) for n in rng.permutation([3, 4, 5, 6, 7])[:3]]


def modes_of(module):
    return {name: part.training for name, part in module.named_modules()}


def flags_of(module):
    return {name: p.requires_grad for name, p in module.named_parameters()}


def set_modes(module, modes):
    for part, mode in zip(module.modules(), modes, strict=False):
        part.training = mode


def frozen(m, shape, modes, part, options):  # runs in the candidate
    """freeze of a part of Net: what it returned, the flags and the modes before and after."""
    net = Net(*shape)
    set_modes(net, modes)
    before = modes_of(net)
    result = m.freeze(net.get_submodule(part), **options)
    return result, flags_of(net), before, modes_of(net)


def frozen_norms(m, bn_eval):  # runs in the candidate
    parts = [nn.BatchNorm1d(2), nn.BatchNorm2d(3), nn.BatchNorm3d(2), nn.InstanceNorm2d(3), nn.LayerNorm(3)]
    m.freeze(nn.ModuleList([nn.Sequential(part) for part in parts]), bn_eval)
    alone = nn.BatchNorm2d(4)
    m.freeze(alone, bn_eval=bn_eval)
    return [part.training for part in [*parts, alone]]


def trained(m, shape, seed, x, y):  # runs in the candidate
    """The entries of the state_dict that three steps of gradient descent changed, with the features frozen."""
    net = filled(Net(*shape), seed)
    m.freeze(net.features)
    net.features[3].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for _ in range(3):
        parameters = m.trainable_parameters(net)
        grads = torch.autograd.grad(((net(x) - y) ** 2).mean(), parameters)
        with torch.no_grad():
            for parameter, grad in zip(parameters, grads, strict=True):
                parameter -= 0.1 * grad
    return [name for name, value in net.state_dict().items() if not torch.equal(value, before[name])]


def trainable_names(m, shape, off):  # runs in the candidate
    net = Net(*shape)
    names = {id(p): name for name, p in net.named_parameters()}
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name not in off
    found = m.trainable_parameters(net)
    return isinstance(found, list), [names.get(id(p), "another tensor") for p in found]


def some_off(rng):
    """Names of parameters to freeze: some, not all."""
    return [name for name, _ in PARAMETERS if rng.uniform() < 0.4][:8]


@points(15)
def test_freeze(candidate, tensor, rng, case):
    """freeze switches off all gradients and puts BatchNorm, nothing else, into eval mode; training leaves it alone."""
    for part in ("", "features", "classifier", "features.1"):
        for options in ({}, {"bn_eval": True}, {"bn_eval": False}):
            with case(f"freeze({part or 'model'}, {options})"):
                modes = [bool(b) for b in rng.integers(2, size=12)]
                modes[3] = True  # of the BatchNorm
                result, flags, before, after = candidate.run(frozen, sizes(rng), modes, part, options)
                inside = {name: name.startswith(part) for name, _ in PARAMETERS}
                check_equal("what freeze returns", result, None)
                check_equal("requires_grad afterwards", flags, {name: not is_in for name, is_in in inside.items()})
                if part != "classifier" and options.get("bn_eval", True):
                    before["features.1"] = False
                check_equal("the modes afterwards", after, before)
    for bn_eval in (True, False):
        with case(f"BatchNorm1d, 2d, 3d and others, bn_eval={bn_eval}"):
            expected = [not bn_eval] * 3 + [True, True, not bn_eval]
            check_equal("their modes", candidate.run(frozen_norms, bn_eval), expected)
    with case("three steps"):
        shape = sizes(rng)
        x, y = rng.normal(size=(8, shape[0])), rng.normal(size=(8, shape[2]))
        changed = candidate.run(trained, shape, int(rng.integers(1000)), tensor(x), tensor(y))
        others = [name for name, _ in PARAMETERS if not name.startswith("features")]
        check_equal("what training changed", sorted(changed), sorted([*others, "twin.weight"]))
    for off in ([], some_off(rng), [name for name, _ in PARAMETERS]):
        with case(f"trainable_parameters with {len(off)} frozen"):
            is_list, names = candidate.run(trainable_names, sizes(rng), off)
            check(is_list, "trainable_parameters should return a list.")
            check_equal("trainable_parameters(model)", names, [name for name, _ in PARAMETERS if name not in off])


def through_frozen(m, shape, seeds, x, dy, modes):  # runs in the candidate
    """A FrozenBackbone through construction, train(), a forward and backward pass, eval() and an outer train()."""
    backbone = backbone_of(shape[0], shape[1], seeds[0]).to(x.device, x.dtype)
    head = head_of(shape[1], shape[2], seeds[1]).to(x.device, x.dtype)
    set_modes(backbone, modes)
    set_modes(head, modes)
    seen = {"head before": list(modes_of(head).values())}
    model = m.FrozenBackbone(backbone, head)
    seen["parts"] = model.backbone is backbone and model.head is head
    seen["flags"] = [sorted(set(flags_of(part).values())) for part in (backbone, head)]
    seen["modes"] = [[list(modes_of(part).values()) for part in (backbone, head)]]
    seen["returned"] = [model.train() is model, model.train(False) is model, model.eval() is model]
    for switch in (model.eval, model.train, lambda: model.train(False), lambda: nn.Sequential(model).train()):
        switch()
        seen["modes"].append([list(modes_of(part).values()) for part in (backbone, head)])
    seen["own"] = model.training
    y = model(x)
    if y.requires_grad:
        seen["grads"] = list(torch.autograd.grad((y * dy).sum(), list(head.parameters()), allow_unused=True))
    seen["y"] = y.detach()
    seen["buffers"] = [list(part.buffers()) for part in (backbone, head)]
    return seen


def oracle_frozen(shape, seeds, x, dy):
    """Output, gradients of the head, and buffers: backbone in eval mode, head in train mode."""
    backbone, head = backbone_of(shape[0], shape[1], seeds[0]).eval(), head_of(shape[1], shape[2], seeds[1])
    y = head(backbone(x).detach())
    grads = torch.autograd.grad((y * dy).sum(), list(head.parameters()))
    return y.detach(), list(grads), [list(part.buffers()) for part in (backbone, head)]


def drift(m, shape, seed, x):  # runs in the candidate
    """Net's statistics before and after three forward passes in train mode, with frozen features."""
    net = filled(Net(*shape), seed)
    m.freeze(net.features)
    before = [b.clone() for b in net.buffers()]
    for _ in range(3):
        net(x)
    return before, list(net.buffers())


@points(20)
def test_bn_frozen(candidate, tensor, rng, case):
    """Whatever train() is called, the backbone stays in eval mode and keeps its statistics; the head is trained."""
    for modes in ([True] * 8, [False] * 8, [True, False, True, False, True, True, False, True]):
        shape, seeds = sizes(rng), [int(n) for n in rng.integers(1000, size=2)]
        x, dy = tensor(rng.normal(size=(9, shape[0]))), tensor(rng.normal(size=(9, shape[2])))
        seen = None
        with case(f"flags and modes, at first {modes}"):
            seen = candidate.run(through_frozen, shape, seeds, x, dy, modes)
            check(seen["parts"], "model.backbone and model.head should be the modules that were given.")
            check_equal("requires_grad in the backbone and in the head", seen["flags"], [[False], [True]])
            check_equal("train(), train(False) and eval() returned the module itself", seen["returned"], [True] * 3)
            off, on = [False] * 8, [[False] * 3, [True] * 3]
            check_equal("the modes of backbone and head at construction", seen["modes"][0], [off, seen["head before"]])
            words = ("eval()", "train()", "train(False)", "the train() of an outer module")
            for word, found, training in zip(words, seen["modes"][1:], (0, 1, 0, 1), strict=True):
                check_equal(f"the modes of backbone and head after {word}", found, [off, on[training]])
            check_equal("model.training after train()", seen["own"], True)
        if seen is None:
            continue
        with case(f"a pass in train mode, at first {modes}"):
            y, grads, buffers = oracle_frozen(shape, seeds, x, dy)
            check_close("the output in train mode", seen["y"], y, dtype=True)
            check_close("the statistics of backbone and head afterwards", seen["buffers"], buffers)
            check("grads" in seen, "The output has no graph: the head cannot be trained.")
            check_close("the gradients of the head", seen["grads"], grads)
    with case("freeze alone"):
        shape = sizes(rng)
        x = tensor(rng.normal(size=(8, shape[0])))
        before, after = candidate.run(drift, shape, int(rng.integers(1000)), x)
        check_close("BatchNorm's statistics after three passes", after, before)


def replaced(m, shape, seed, attr, classes, dtype, x, frozen_first):  # runs in the candidate
    """replace_head in Net: what is there now. Where x is no tensor, it names a device."""
    net = filled(Net(*shape), seed).to(x.device if torch.is_tensor(x) else x, getattr(torch, dtype))
    if frozen_first:
        net.requires_grad_(False)
    old, modes = dict(net.named_parameters()), modes_of(net)
    copies = {name: p.detach().clone() for name, p in old.items()}
    head = m.replace_head(net, attr, classes)
    rest = [name for name in old if not name.startswith(attr + ".")]
    now = dict(net.named_parameters())
    seen = {
        "same": head is net.get_submodule(attr),
        "linear": isinstance(head, nn.Linear),
        "sizes": [head.in_features, head.out_features],
        "shapes": [tuple(p.shape) for p in head.parameters()],
        "dtypes": [str(p.dtype) for p in head.parameters()],
        "devices": [p.device.type for p in head.parameters()],
        "trainable": [p.requires_grad for p in head.parameters()],
        "others": [now.get(name) is old[name] for name in rest],
        "flags": sorted({old[name].requires_grad for name in rest}),
        "modes": {name: mode for name, mode in modes_of(net).items() if name != attr} ==
                 {name: mode for name, mode in modes.items() if name != attr},
    }  # fmt: skip
    if torch.is_tensor(x):
        seen["equal"] = all(torch.equal(now[name], copies[name]) for name in rest)
        seen["largest"] = float(head.weight.abs().max())
        seen["spread"] = float(head.weight.std())
        seen["head"] = [p.detach() for p in head.parameters()]
        if attr == "fc":
            seen["y"] = net.eval()(x).detach()
    return seen


def check_head(seen, in_features, classes, dtype, device, frozen_first):
    check(seen["same"], "The returned module is not the one that is in the model now.")
    check(seen["linear"], "The new head should be an nn.Linear.")
    check_equal("the head's sizes", seen["sizes"], [in_features, classes])
    check_equal("the head's shapes", seen["shapes"], [(classes, in_features), (classes,)])
    check_equal("the head's dtypes", seen["dtypes"], [f"torch.{dtype}"] * 2)
    check_equal("the head's devices", seen["devices"], [device] * 2)
    check_equal("requires_grad of the head", seen["trainable"], [True, True])
    check(all(seen["others"]), "replace_head has replaced other parameters, too.")
    check_equal("requires_grad of the others", seen["flags"], [not frozen_first])
    check(seen["modes"], "replace_head has changed the modes of other modules.")


@points(15)
def test_head(candidate, tensor, rng, case):
    """replace_head puts a fresh, trainable Linear in place, with the old one's inputs, device and dtype."""
    for attr in ("fc", "fc2", "classifier.1", "features.0"):
        for dtype, frozen_first in (("float64", True), ("float32", False)):
            with case(f"{attr}, {dtype}, {'frozen' if frozen_first else 'trainable'} model"):
                shape, classes, seed = sizes(rng), int(rng.integers(8, 12)), int(rng.integers(1000))
                x = tensor(rng.normal(size=(5, shape[0])), dtype=getattr(torch, dtype))
                seen = candidate.run(replaced, shape, seed, attr, classes, dtype, x, frozen_first)
                in_features = {"fc": shape[2], "fc2": shape[1], "classifier.1": shape[1], "features.0": shape[0]}[attr]
                check_head(seen, in_features, classes, dtype, "cpu", frozen_first)
                check(seen["equal"], "replace_head has changed other parameters.")
                limit = in_features**-0.5 + 1e-6  # torch's default: uniform within 1 / sqrt(in_features)
                check(seen["spread"] > 0 and seen["largest"] <= limit, "The head should have torch's default weights.")
                if attr == "fc":
                    net = filled(Net(*shape), seed).eval()
                    net.fc = nn.Identity()
                    weight, bias = (p.double() for p in seen["head"])
                    y = net(x.double()).detach() @ weight.T + bias
                    check_close("the model's output", seen["y"], y.to(x.dtype), dtype=True)
    with case("a head on another device"):  # `meta`: shapes without numbers, there is one on every machine
        seen = candidate.run(replaced, [*sizes(rng)[:1], 4, 5], 0, "fc", 9, "float32", "meta", False)
        check_head(seen, 5, 9, "float32", "meta", False)


def grouped(m, shape, off, head, lr_body, lr_head, weight_decay):  # runs in the candidate
    """param_groups, with names for parameters."""
    net = Net(*shape)
    names = {id(p): name for name, p in net.named_parameters()}
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name not in off
    groups = m.param_groups(net, head, lr_body, lr_head, weight_decay)
    return [{**group, "params": [names.get(id(p), "another tensor") for p in group["params"]]} for group in groups]


def expected_groups(off, head, lr_body, lr_head, weight_decay):
    groups = []
    for in_head, lr in ((False, lr_body), (True, lr_head)):
        for vectors, decay in ((False, weight_decay), (True, 0.0)):
            names = [
                name for name, ndim in PARAMETERS
                if name not in off and name.startswith(head + ".") == in_head and (ndim <= 1) == vectors
            ]  # fmt: skip
            if names:
                groups.append({"params": names, "lr": lr, "weight_decay": decay})
    return groups


@points(20)
def test_groups(candidate, rng, case):
    """param_groups splits the trainable parameters into body and head, with and without decay, each once, in order."""
    everything = [name for name, _ in PARAMETERS]
    body = [name for name in everything if not name.startswith("fc.")]
    cases = [("fc", []), ("classifier", []), ("classifier.1", []), ("fc", some_off(rng)), ("classifier", some_off(rng))]
    cases += [
        ("fc", body),
        ("fc", ["fc.weight"]),
        ("fc", ["fc.weight", "fc.bias"]),
        ("fc", everything),
        ("features", []),
    ]
    for head, off in cases:
        with case(f"head {head}, {len(off)} frozen"):
            lr_body, lr_head, weight_decay = (float(v) for v in rng.uniform(0.001, 0.1, size=3))
            arguments = off, head, lr_body, lr_head, weight_decay
            groups = candidate.run(grouped, sizes(rng), *arguments)
            check_equal("param_groups(…)", groups, expected_groups(*arguments))


def unfrozen(m, on, modes, k):  # runs in the candidate
    """unfreeze_last of five children: what it returned, the flags, and whether the modes are as before."""
    inner = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), inner, nn.Linear(3, 2))
    for parameter, flag in zip(model.parameters(), on, strict=True):
        parameter.requires_grad = flag
    set_modes(model, modes)
    before = modes_of(model)
    result = m.unfreeze_last(model, k)
    return result, list(flags_of(model).values()), before == modes_of(model)


@points(10)
def test_unfreeze(candidate, rng, case):
    """unfreeze_last makes the last k children trainable and leaves the others, and all modes, as they are."""
    for k in range(6):
        for start in ([False] * 10, [bool(b) for b in rng.integers(2, size=10)]):
            with case(f"k = {k}, {sum(start)} of 10 trainable before"):
                modes = [bool(b) for b in rng.integers(2, size=8)]
                result, flags, same = candidate.run(unfrozen, start, modes, k)
                first = [10, 8, 4, 4, 2, 0][k]  # of the 10 parameters: 2, 2, 0, 4 and 2 in the five children
                check_equal("requires_grad afterwards", flags, start[:first] + [True] * (10 - first))
                check_equal("what unfreeze_last returns", result, None)
                check(same, "unfreeze_last has changed the mode of a module.")


def cached(m, shape, seed, batches, device, modes, once, dtype):  # runs in the candidate
    """extract_features, what the backbone saw, what was left of it, and one gradient of a probe on the features."""
    backbone = backbone_of(shape[0], shape[1], seed).to(device, getattr(torch, dtype))
    set_modes(backbone, modes)
    buffers = [b.clone() for b in backbone.buffers()]
    before, calls = modes_of(backbone), []
    backbone.register_forward_hook(lambda part, given, out: calls.append((len(out), torch.is_grad_enabled())))
    loader = [tuple(batch) for batch in batches]
    features, labels = m.extract_features(backbone, iter(loader) if once else loader, device)
    weights = torch.ones(features.shape[1], dtype=features.dtype, device=features.device, requires_grad=True)
    (slope,) = torch.autograd.grad((features @ weights).sum(), weights)
    return {
        "features": features, "labels": labels, "graph": features.requires_grad, "calls": calls, "slope": slope,
        "modes": before == modes_of(backbone), "enabled": torch.is_grad_enabled(),
        "buffers": all(torch.equal(a, b) for a, b in zip(buffers, backbone.buffers(), strict=True)),
    }  # fmt: skip


def drawn_batches(rng, tensor, width, counts, dtype=torch.float64):
    return [(tensor(rng.normal(size=(n, width)), dtype=dtype), tensor(rng.integers(9, size=n))) for n in counts]


def features_of(shape, seed, batches):
    with torch.no_grad():
        return backbone_of(shape[0], shape[1], seed).eval()(torch.cat([x.double() for x, _ in batches]))


@points(10)
def test_features(candidate, tensor, rng, case):
    """extract_features gives the eval-mode features and the labels of all batches in order, and leaves no trace."""
    mixed = [True, False, True, True, False, True, False, True]
    for words, modes in (("train", [True] * 8), ("eval", [False] * 8), ("mixed", mixed)):
        for once in (False, True):
            with case(f"backbone in {words} mode, {'an iterator' if once else 'a list'}"):
                shape, seed = sizes(rng), int(rng.integers(1000))
                counts = [int(n) for n in rng.permutation([5, 4, 1])] + [2] * once
                batches = drawn_batches(rng, tensor, shape[0], counts)
                seen = candidate.run(cached, shape, seed, batches, "cpu", modes, once, "float64")
                expected = features_of(shape, seed, batches)
                check_close("the features", seen["features"], expected, dtype=True)
                check_equal("the labels", seen["labels"], torch.cat([y for _, y in batches]))
                check_dtype("the labels", seen["labels"], torch.int64)
                check(not seen["graph"], "The features carry a graph: run the backbone without gradients.")
                check_equal("the forward passes (rows, gradients on)", seen["calls"], [(n, False) for n in counts])
                check(seen["modes"], "The modes of the backbone's modules are not what they were.")
                check(seen["buffers"], "BatchNorm's statistics in the backbone have changed.")
                check(seen["enabled"], "Gradients are switched off for good.")
                check_close("the gradient of a probe on the features", seen["slope"], expected.sum(0))
                check_pure(candidate, "shape", "seed", "batches")


def probe_accuracy(train, labels, test, answers):
    """A linear probe by ridge regression on one-hot targets; the share of right answers."""
    mean, scale = train.mean(0), train.std(0) + 1e-6
    a, b = ((part - mean) / scale for part in (train, test))
    targets = np.eye(4)[labels] - 0.25
    weights = np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T @ targets)
    return float(((b @ weights).argmax(1) == answers).mean())


def task(seed):
    """Four classes in 30 dimensions; 20 samples to learn from, 200 to be tested on; and a pretrained backbone.

    The backbone was fitted to 2000 other samples of the same classes: it projects on the class means.
    """
    rng = np.random.default_rng(seed)
    means = rng.normal(scale=0.5, size=(4, 30))
    draws = []
    for count in (2000, 20, 200):
        y = np.arange(count) % 4
        draws.append((means[y] + rng.normal(size=(count, 30)), y))
    x, y = draws[0]
    weight = np.array([x[y == k].mean(0) for k in range(4)]) - x.mean(0)
    seen = x @ weight.T
    return weight, seen.mean(0), seen.var(0), draws[1], draws[2]


def pretrained_features(m, weight, mean, var, batches):  # runs in the candidate
    backbone = nn.Sequential(nn.Linear(30, 4, bias=False), nn.BatchNorm1d(4), nn.Dropout(0.5)).double()
    with torch.no_grad():
        backbone[0].weight.copy_(weight)
        backbone[1].running_mean.copy_(mean)
        backbone[1].running_var.copy_(var)
    return m.extract_features(backbone, [tuple(batch) for batch in batches], weight.device)


@points(5)
def test_few_shot(candidate, tensor):
    """A linear probe on the cached features of a pretrained backbone beats one on the raw inputs, with 20 samples."""
    gains = []
    for seed in range(10):  # the data are fixed in advance
        weight, mean, var, (x, y), (x_test, y_test) = task(seed)
        cuts = [slice(0, 9), slice(9, 15), slice(15, 20)]
        batches = [(tensor(x[c]), tensor(y[c])) for c in cuts], [(tensor(x_test), tensor(y_test))]
        (train, labels), (test, answers) = (
            candidate.run(pretrained_features, tensor(weight), tensor(mean), tensor(var), part) for part in batches
        )
        check_equal("the number of features and labels", [len(train), len(labels), len(test)], [20, 20, 200])
        cached_score = probe_accuracy(*(part.detach().numpy() for part in (train, labels, test, answers)))
        gains.append(cached_score - probe_accuracy(x, y, x_test, y_test))
    gain = float(np.mean(gains))
    check(gain >= 0.05, f"The probe on the features gains {gain:.3f} over the raw inputs; it should gain 0.05.")


def replace_in(m, shape, attr):  # runs in the candidate
    m.replace_head(Net(*shape), attr, 3)


def group_in(m, shape, attr):  # runs in the candidate
    m.param_groups(Net(*shape), attr, 0.1, 0.1, 0.1)


def unfreeze_in(m, k):  # runs in the candidate
    m.unfreeze_last(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)), k)


@points(5)
def test_errors(candidate, rng, case):
    """Unknown names, heads that are no Linear and a k that does not fit raise ValueError."""
    for attr in ("head", "classifier.7", "classifier.1.weights", "nothing.fc"):
        for probe, name in ((replace_in, "replace_head"), (group_in, "param_groups")):
            with case(f"{name}, {attr!r}"), check_raises(ValueError, f"{name} with the name {attr!r}"):
                candidate.run(probe, sizes(rng), attr)
    for attr in ("classifier", "features.1", "features.2"):
        with case(f"replace_head, {attr!r}"), check_raises(ValueError, f"replace_head of {attr!r}, which is no Linear"):
            candidate.run(replace_in, sizes(rng), attr)
    for k in (4, 10, -1):
        with case(f"k = {k}"), check_raises(ValueError, f"unfreeze_last of 3 children with k={k}"):
            candidate.run(unfreeze_in, k)


@device_check
def test_device_features(candidate, tensor, rng, device):
    """Batches on the CPU become features and labels on the device, with the CPU's values."""
    shape, seed = sizes(rng), int(rng.integers(1000))
    batches = drawn_batches(rng, tensor, shape[0], (5, 3), torch.float32)
    expected = features_of(shape, seed, batches)
    sent = [(on_cpu(x), on_cpu(y)) for x, y in batches]
    seen = candidate.run(cached, shape, seed, sent, device, [True] * 8, False, "float32")
    check_stays(candidate, "extract_features(…)", seen["features"], seen["labels"])
    check_close("the features", seen["features"], expected.float(), **NEAR)
    check_equal("the labels", seen["labels"], torch.cat([y for _, y in batches]))


@device_check
def test_device_gradient(candidate, tensor, rng):
    """On the device a FrozenBackbone has the CPU's output and gradients of its head."""
    shape, seeds = sizes(rng), [int(n) for n in rng.integers(1000, size=2)]
    x, dy = (tensor(rng.normal(size=(9, n)), dtype=torch.float32) for n in (shape[0], shape[2]))
    y, grads, _ = oracle_frozen(shape, seeds, x.double(), dy.double())
    seen = candidate.run(through_frozen, shape, seeds, x, dy, [True] * 8)
    check("grads" in seen, "The output has no graph: the head cannot be trained.")
    check_stays(candidate, "the output", seen["y"], *seen["grads"])
    check_close("the output", seen["y"], y.float(), **NEAR)
    check_close("the gradients of the head", seen["grads"], [g.float() for g in grads], **NEAR)


@device_check
def test_device_head(candidate, tensor, rng, device):
    """On the device a new head lies there, and the model with it gives the CPU's values."""
    shape, classes, seed = sizes(rng), int(rng.integers(8, 12)), int(rng.integers(1000))
    x = tensor(rng.normal(size=(5, shape[0])), dtype=torch.float32)
    seen = candidate.run(replaced, shape, seed, "fc", classes, "float32", x, True)
    places = {where(p) for p in seen["head"]}
    check(places == {device}, f"The new head is on {', '.join(sorted(places))}, the model on {device}.")
    check_stays(candidate, "the model's output", seen["y"])
    net = filled(Net(*shape), seed).eval()
    net.fc = nn.Identity()
    weight, bias = (p.double() for p in seen["head"])
    check_close("the model's output", seen["y"], (net(x.double()).detach() @ weight.T + bias).float(), **NEAR)
