from typing import Any

import numpy as np


def epsilon_greedy(q_row: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    if rng.random() < epsilon:
        return int(rng.integers(len(q_row)))
    return int(rng.choice(np.flatnonzero(q_row == q_row.max())))


def q_update(
    Q: np.ndarray, s: int, a: int, r: float, s_next: int, terminated: bool, alpha: float, gamma: float
) -> np.ndarray:
    if not 0 < alpha <= 1:
        raise ValueError("alpha must lie in (0, 1]")
    if not 0 <= gamma <= 1:
        raise ValueError("gamma must lie in [0, 1]")
    S, A = Q.shape
    if s not in range(S) or a not in range(A) or s_next not in range(S):
        raise ValueError("s, a or s_next is no index of Q")
    y = r if terminated else r + gamma * Q[s_next].max()
    new = Q.copy()
    new[s, a] += alpha * (y - Q[s, a])
    return new


def q_learning(
    env: Any,
    num_states: int,
    num_actions: int,
    episodes: int,
    alpha: float,
    gamma: float,
    epsilon: float,
    rng: np.random.Generator,
    max_steps: int = 1000,
    epsilon_decay: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    Q = np.zeros((num_states, num_actions))
    returns = np.zeros(episodes)
    for episode in range(episodes):
        s = env.reset()
        for _ in range(max_steps):
            a = epsilon_greedy(Q[s], epsilon, rng)
            s_next, r, terminated, truncated = env.step(a)
            Q = q_update(Q, s, a, r, s_next, terminated, alpha, gamma)
            returns[episode] += r
            s = s_next
            if terminated or truncated:
                break
        epsilon *= epsilon_decay
    return Q, returns


def greedy_policy(Q: np.ndarray) -> np.ndarray:
    return Q.argmax(axis=1)
