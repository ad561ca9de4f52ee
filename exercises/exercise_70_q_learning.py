"""Tabular Q-learning.

Learn by trial and error how much reward each action is worth in each state. The table Q holds one estimate
per state and action; a step from s by action a to s' with reward r moves one entry towards a target:

    y = r                              if the episode terminated at this step
    y = r + gamma * max_a' Q[s', a']   otherwise
    Q[s, a] <- Q[s, a] + alpha * (y - Q[s, a])

The maximum makes it off-policy: Q is learned for the greedy policy while another one collects the steps.

`epsilon_greedy(q_row, epsilon, rng)`
    q_row    the values of all A actions in one state, floats, shape (A,)
    epsilon  the probability of exploring, a float from 0 to 1
    rng      np.random.Generator
    returns  the action, an int

    The draws, in this order: u = rng.random(), always. If u < epsilon, explore: rng.integers(A), every action
    equally likely, the best one too. Otherwise rng.choice(...) among the indices of ALL maximal entries, in
    increasing order, equally likely. (With one maximum the choice draws nothing from rng: call it or not.)

`q_update(Q, s, a, r, s_next, terminated, alpha, gamma)`
    Q           float array (S, A); left as it is
    s, a        the state and the action taken in it, ints
    r           the reward, a float
    s_next      the state reached, an int
    terminated  True if that ended the task; then nothing that Q holds for s_next matters
    alpha       the step size, 0 < alpha <= 1
    gamma       the discount, 0 <= gamma <= 1
    returns     a NEW table of the same shape and dtype, with the one entry changed

    ValueError: alpha or gamma outside its range; s, a or s_next not an index of Q (negative ones count as
    outside, too).

`q_learning(env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng,
            max_steps=1000, epsilon_decay=1.0)`
    env            env.reset() returns the first state (an int),
                   env.step(a) returns (s_next, reward, terminated, truncated)
    num_states, num_actions   S and A
    episodes       how many to play, each from a reset
    alpha, gamma   as in q_update
    epsilon        the exploration of the first episode
    rng            the source of all randomness: the draws of epsilon_greedy once per step, nothing else
    max_steps      an episode is broken off after so many steps
    epsilon_decay  epsilon is multiplied by it after every episode (not after every step)
    returns        (Q, returns): the table, float64 (S, A), which starts as zeros, and the sum of the rewards
                   of each episode, NOT discounted, float64 (episodes,)

    Each step: an action for the present state from epsilon_greedy, one env.step, one update, on to the next
    state. terminated, truncated or max_steps end the episode (no further env.step), never the training.
    `truncated` is a time limit: the task could have gone on, so that step's target keeps its future,
    gamma * max Q[s']. So does the step at which max_steps strikes. If both flags are set, terminated decides.
    ValueError: alpha or gamma outside its range.

    The interface is Gymnasium's, shortened: there reset returns (state, info), and step a fifth value, info.
    Older code knows one flag, `done`, which cannot tell the end of the task from the end of the time.

`greedy_policy(Q)`
    returns  the best action of every state, an integer array (S,); the lowest index among ties

A run that always takes np.argmax of a table of zeros repeats action 0 and may never see a reward: exploration
and random choice among ties are part of the algorithm, not decoration.

Example
    >>> Q = np.array([[0.0, 0.0], [2.0, 4.0]])
    >>> q_update(Q, 0, 1, 1.0, 1, False, alpha=0.5, gamma=0.5)  # 0 + 0.5 * (1 + 0.5 * 4 - 0)
    array([[0. , 1.5],
           [2. , 4. ]])
    >>> q_update(Q, 0, 1, 1.0, 1, True, alpha=0.5, gamma=0.5)  # 0 + 0.5 * (1 - 0)
    array([[0. , 0.5],
           [2. , 4. ]])
    >>> epsilon_greedy(np.array([1.0, 3.0, 2.0]), 0.0, np.random.default_rng(0))
    1
    >>> greedy_policy(Q)
    array([0, 1])

Asked next: what changes for SARSA, and which road would it take along a cliff? Why does the maximum of noisy
estimates come out too large, and what does double Q-learning do about it? When does tabular Q-learning
converge? What replaces the table when states are images, and which two tricks keep that stable?
"""

from typing import Any

import numpy as np


def epsilon_greedy(q_row: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    raise NotImplementedError("TODO: explore with probability epsilon, else pick among all maximal entries")


def q_update(
    Q: np.ndarray, s: int, a: int, r: float, s_next: int, terminated: bool, alpha: float, gamma: float
) -> np.ndarray:
    raise NotImplementedError("TODO: move one entry of a copy towards its target")


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
    raise NotImplementedError("TODO: play episodes, update after each step")


def greedy_policy(Q: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: the best action of each state")
