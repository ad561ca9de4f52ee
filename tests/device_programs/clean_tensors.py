"""Programs without a device bug: tensors. x is (4, 6), ids (4, 5) whole numbers in 0..9, images (2, 3, 8, 8)."""

import torch
import torch.nn.functional as F


def clean_elementwise(x):
    return x.exp() + 2 * x.abs().sqrt() - x**2 / 3, x.clamp(-1, 1), torch.sigmoid(x), -x, x % 2


def clean_broadcasting(x):
    return x + x[:, :1] * x[0], x.mean(1, keepdim=True) - x, x.std(0), x.expand(2, 4, 6) + 1


def clean_views(x):
    return x.view(6, 4), x.T, x.reshape(2, 12), x.unsqueeze(1), x.flatten(), x.permute(1, 0)[2], x.unfold(1, 3, 2)


def clean_in_place_on_views(x):
    y = x.clone()
    row = y[1]
    row += 5
    y[:, 2].mul_(0)
    y.view(-1)[3] = 7
    y[0, 1:4] = torch.arange(3.0, device=x.device)
    y.t_()
    return y, row, y.unsqueeze_(0)


def clean_slicing(x):
    return x[1:3, ::2], x[..., -1], x[None, 0], x[-1], x[:, [0, 2]], x.narrow(1, 1, 2), x[1:1]


def clean_chunks(x):
    first, second = x.chunk(2, dim=1)
    return first * second, x.split([1, 3]), x.unbind(0), torch.tensor_split(x, 3)


def clean_indices_on_the_device(x):
    rows = torch.tensor([0, 2, 2], device=x.device)
    return x[rows], x[rows, :2], x[rows, torch.tensor([1, 0, 5], device=x.device)], x.index_select(0, rows)


def clean_indices_on_the_cpu(x):
    rows = torch.randperm(4)
    return x[rows], x[rows, 1], x[torch.arange(4), torch.tensor([0, 1, 2, 3])]


def clean_assignment_by_indices(x):
    y = x.clone()
    y[torch.tensor([0, 1])] = 0.5
    y[torch.tensor([2, 3], device=x.device), 1] = x[0, :2]
    y.index_put_((torch.tensor([0], device=x.device),), torch.ones(6, device=x.device), accumulate=True)
    y[y > 1] = 1.0
    return y, y.index_add(0, torch.tensor([0, 1], device=x.device), x[:2])


def clean_gather_scatter(x):
    order = x.argsort(1)
    counts = torch.zeros(4, 6, device=x.device).scatter_add_(1, order, torch.ones_like(x))
    return x.gather(1, order), torch.zeros_like(x).scatter_(1, order[:, :2], 1.0), counts


def clean_where_and_masks(x):
    mask = torch.ones(4, 6, dtype=torch.bool, device=x.device).tril()
    return torch.where(x > 0, x, 0.0), x.masked_fill(~mask, float("-inf")), torch.where(mask, x, torch.zeros_like(x))


def clean_cat_stack(x):
    return torch.cat([x, x * 2]), torch.stack([x, x], dim=1), torch.vstack((x, x[:1])), torch.cat([x, x[:0]])


def clean_einsum(x):
    return torch.einsum("ij,kj->ik", x, x), torch.einsum("bi,bj->bij", x, x), torch.einsum("ii", x[:, :4])


def clean_matrix_products(x):
    return x @ x.T, x.mv(x[0]), torch.bmm(x[None], x.T[None]), torch.outer(x[0], x[1]), x[0].dot(x[1])


def clean_linear_algebra(x):
    square = x @ x.T + torch.eye(4, device=x.device)
    return torch.linalg.inv(square), torch.linalg.cholesky(square), torch.linalg.norm(x), torch.linalg.svdvals(x)


def clean_reductions(x):
    return x.sum(), x.max(1), x.argmax(0), x.topk(2).values, x.cumsum(1), x.logsumexp(1), x.sort(0), x.var(), x.median()


def clean_numbers_of_the_cpu(x):
    scale = torch.tensor(2.0)
    return x * scale, scale + x, torch.where(x > 0, x, torch.tensor(0.0)), x / torch.tensor(4), scale * x.sum()


def clean_bools_and_integers(ids):
    return ids > 3, ~(ids > 3) | (ids == 2), ids // 2, ids.float().mean(), ids.bool().any(1), ids.to(torch.int32) << 1


def clean_complex(x):
    z = torch.complex(x, x.flip(1))
    return z.conj() * z, z.abs(), torch.view_as_real(z), torch.fft.rfft(x), z.conj().resolve_conj(), z.imag, z.mH @ z


def clean_no_dimensions_and_empty(x):
    empty = torch.empty(0, 3, device=x.device)
    return (
        empty.sum(),
        empty @ torch.ones(3, 2, device=x.device),
        x[0, 0] * 2,
        torch.tensor(3, device=x.device),
        empty.T,
    )


def clean_double(x):
    y = x.double()
    return y @ y.T, y.to(torch.float16).float(), y.type(torch.float32), (y + 1).dtype == torch.float64


def clean_out_arguments(x):
    full = torch.empty(4, 6, device=x.device)
    torch.add(x, x, out=full)
    grown = torch.empty(0, device=x.device)
    torch.mul(x, 3, out=grown)
    return full, grown, grown.shape == x.shape, torch.matmul(x, x.T, out=torch.empty(4, 4, device=x.device))


def clean_factories(x):
    return (
        x.new_zeros(3),
        torch.zeros_like(x),
        torch.full_like(x, 2),
        torch.arange(5, device=x.device),
        x.new_full((2,), 3.0),
        torch.eye(3, device=x.device),
        torch.linspace(0, 1, 5, device=x.device),
        x.new_tensor([1.0, 2.0]),
        x.new_ones(2, 2),
        torch.tensor([[1, 2]], device=x.device),
        torch.as_tensor([1.5], device=x.device),
        torch.empty_like(x).fill_(3),
    )


def clean_default_device(x):
    with torch.device(x.device):
        return (
            torch.ones(2) + x[0, :2],
            torch.arange(3),
            torch.randn(3),
            torch.tensor([1.0]),
            torch.nn.Linear(2, 2).weight,
        )


def clean_random_like(x):
    return (
        torch.randn_like(x),
        torch.rand(2, device=x.device),
        torch.empty_like(x).normal_(),
        torch.bernoulli(x.sigmoid()),
    )


def clean_generator(x):
    generator = torch.Generator(device=x.device).manual_seed(3)
    first = torch.rand(3, generator=generator, device=x.device)
    state = generator.get_state()
    second = torch.randint(0, 9, (2,), generator=generator, device=x.device)
    generator.set_state(state)
    again = torch.randint(0, 9, (2,), generator=generator, device=x.device)
    return (
        first,
        second,
        again,
        torch.multinomial(x.softmax(1), 2, generator=generator),
        isinstance(generator, torch.Generator),
    )


def clean_generator_for_host_indices(x):
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    return x[order]


def clean_convolutions(images):
    weight = torch.randn(4, 3, 3, 3, device=images.device)
    up = torch.randn(3, 2, 2, 2, device=images.device)
    return (
        F.conv2d(images, weight, padding=1),
        F.conv_transpose2d(images, up, stride=2),
        F.conv1d(images[:, 0], weight[:, :1, 0].expand(4, 8, 3)),
    )


def clean_pooling_padding(images):
    return (
        F.max_pool2d(images, 2),
        F.avg_pool2d(images, 3, padding=1),
        F.pad(images, (1, 2)),
        F.pad(images, (1, 1, 1, 1), "reflect"),
        F.interpolate(images, scale_factor=2),
        F.interpolate(images, size=5, mode="bilinear"),
        F.adaptive_avg_pool2d(images, 1),
        F.unfold(images, 3),
        F.grid_sample(images, torch.zeros(2, 4, 4, 2, device=images.device), align_corners=False),
        F.max_pool2d(images, 2, return_indices=True)[1],
        F.pixel_shuffle(images.repeat(1, 4, 1, 1), 2),
    )


def clean_attention(x):
    q = x.view(1, 2, 4, 3)
    mask = torch.ones(4, 4, dtype=torch.bool, device=x.device).tril()
    return (
        F.scaled_dot_product_attention(q, q, q),
        F.scaled_dot_product_attention(q, q, q, is_causal=True),
        F.scaled_dot_product_attention(q, q, q, attn_mask=mask),
        (q @ q.mT / 3**0.5).masked_fill(~mask, -1e9).softmax(-1) @ q,
    )


def clean_losses(x):
    target = torch.tensor([0, 1, 5, 2], device=x.device)
    return (
        F.cross_entropy(x, target),
        F.nll_loss(x.log_softmax(1), target),
        F.mse_loss(x, x + 1),
        F.l1_loss(x, x * 2),
        F.binary_cross_entropy_with_logits(x, (x > 0).float()),
        F.kl_div(x.log_softmax(1), x.softmax(1), reduction="batchmean"),
        F.cross_entropy(x, target, label_smoothing=0.1, ignore_index=5),
        F.huber_loss(x, x + 3),
        F.triplet_margin_loss(x, x + 1, -x),
        F.cross_entropy(x, x.softmax(1), weight=torch.ones(6, device=x.device)),
        F.cosine_similarity(x, x + 1),
    )


def clean_one_hot_and_embedding(ids):
    table = torch.randn(10, 3, device=ids.device)
    return F.one_hot(ids, 10), F.embedding(ids, table), table[ids], F.embedding_bag(ids, table)


def clean_shapes_without_values(x):
    rows = [row.sum() for row in x]
    text = f"{x.shape} {x.dtype} {len(x)} {x.numel()} {x.is_contiguous()} {x.stride()} {x.device.type != 'meta'}"
    return torch.stack(rows), text, x.size(0), x.is_floating_point(), x.element_size(), x.storage_offset(), x.ndim


def clean_copies_across(x):
    staged = torch.arange(6.0)
    y = torch.empty(6, device=x.device)
    y.copy_(staged)
    y[1:3] = torch.tensor([1.0, 2.0])  # an assignment copies across devices, too
    return (
        y,
        torch.from_numpy(staged.numpy()).to(x),
        staged.to(x.device, torch.float64),
        staged.to(x.device, non_blocking=True),
    )


def clean_resized(x):
    y = x.clone()
    y.resize_(2, 3)
    return y, torch.empty(0, device=x.device).set_(x), x.new(2, 3).shape, x.clone().squeeze_().transpose_(0, 1)
