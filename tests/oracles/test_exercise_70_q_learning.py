"""The reference against an optimum found by linear algebra, and one update against a gradient step of torch."""

import numpy as np
import torch

from dlkit.solutions.exercise_70_q_learning import greedy_policy, q_learning, q_update


def test_update_is_a_gradient_step() -> None:
    """alpha * (y - Q[s, a]) is one step of SGD on half the squared error with the target held fixed."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        table, (s, s_next), a = rng.normal(size=(4, 3)), rng.integers(4, size=2), int(rng.integers(3))
        r, alpha, gamma = rng.normal(), rng.uniform(0.1, 1.0), rng.uniform(0.0, 1.0)
        leaf = torch.tensor(table, requires_grad=True)
        y = r + gamma * leaf[s_next].max().detach()
        (0.5 * (y - leaf[s, a]) ** 2).backward()
        torch.optim.SGD([leaf], lr=alpha).step()
        np.testing.assert_allclose(q_update(table, s, a, r, s_next, False, alpha, gamma), leaf.detach(), rtol=1e-12)


class Ring:
    """Six states in a ring, two directions, a reward for each; the task never ends."""

    def __init__(self, rewards: np.ndarray) -> None:
        self.rewards, self.state, self.resets = rewards, 0, 0

    def reset(self) -> int:
        self.state, self.resets = self.resets % 6, self.resets + 1
        return self.state

    def step(self, action: int) -> tuple[int, float, bool, bool]:
        reward = float(self.rewards[self.state, action])
        self.state = (self.state + (1, -1)[action]) % 6
        return self.state, reward, False, False


def test_policy_is_optimal_in_a_ring() -> None:
    """Of all 64 policies, the learned one has the largest value in every state (values by solving V = r + g P V)."""
    rng, gamma = np.random.default_rng(1), 0.8
    rewards = rng.normal(size=(6, 2))
    values = []
    for number in range(64):
        policy = np.array([(number >> s) & 1 for s in range(6)])
        moves = np.zeros((6, 6))
        moves[np.arange(6), (np.arange(6) + np.array([1, -1])[policy]) % 6] = 1.0
        values.append(np.linalg.solve(np.eye(6) - gamma * moves, rewards[np.arange(6), policy]))
    best = np.max(values, axis=0)
    table, returns = q_learning(Ring(rewards), 6, 2, 600, 1.0, gamma, 1.0, np.random.default_rng(2), max_steps=5)
    assert returns.shape == (600,)
    np.testing.assert_allclose(table.max(axis=1), best, rtol=1e-6)
    number = int(sum(int(a) << s for s, a in enumerate(greedy_policy(table))))
    np.testing.assert_allclose(values[number], best, rtol=1e-12)
