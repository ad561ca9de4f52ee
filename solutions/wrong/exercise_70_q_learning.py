"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_70_q_learning import epsilon_greedy, greedy_policy, q_update


def _validated(Q, s, a, s_next, alpha, gamma):
    q_update(Q, s, a, 0.0, s_next, False, alpha, gamma)  # the reference's ValueErrors


def _moved(Q, s, a, amount):
    new = Q.copy()
    new[s, a] += amount
    return new


@wrong(replaces="q_update", fails=["terminal_mask", "trace"])
def no_terminal_mask(Q, s, a, r, s_next, terminated, alpha, gamma):
    """A terminal state has no future value: the target is r alone. You bootstrap from Q[s_next] there, too."""
    return q_update(Q, s, a, r, s_next, False, alpha, gamma)


@wrong(replaces="q_update", fails=["update_value", "terminal_mask", "trace", "chain_optimal"])
def target_minus_missing(Q, s, a, r, s_next, terminated, alpha, gamma):
    """Subtract the old value: the step is alpha * (target - Q[s, a]). Adding alpha * target grows without bound."""
    _validated(Q, s, a, s_next, alpha, gamma)
    y = r if terminated else r + gamma * Q[s_next].max()
    return _moved(Q, s, a, alpha * y)


@wrong(replaces="q_update", fails=["update_value", "terminal_mask", "trace", "chain_optimal"])
def gamma_on_reward(Q, s, a, r, s_next, terminated, alpha, gamma):
    """Only the future is discounted: r + gamma * max Q[s_next], not gamma * (r + max Q[s_next])."""
    _validated(Q, s, a, s_next, alpha, gamma)
    y = gamma * (r if terminated else r + Q[s_next].max())
    return _moved(Q, s, a, alpha * (y - Q[s, a]))


@wrong(replaces="q_update", fails=["update_value", "terminal_mask", "trace", "chain_optimal"])
def no_discount(Q, s, a, r, s_next, terminated, alpha, gamma):
    """The future counts gamma times: your target r + max Q[s_next] leaves the discount out."""
    _validated(Q, s, a, s_next, alpha, gamma)
    y = r if terminated else r + Q[s_next].max()
    return _moved(Q, s, a, alpha * (y - Q[s, a]))


@wrong(replaces="q_update", fails=["update_value", "terminal_mask", "trace", "chain_optimal"])
def max_of_own_state(Q, s, a, r, s_next, terminated, alpha, gamma):
    """The future lies in the state reached: take the maximum of Q[s_next], not of Q[s]."""
    _validated(Q, s, a, s_next, alpha, gamma)
    return q_update(Q, s, a, r, s, terminated, alpha, gamma)


@wrong(replaces="q_update", fails=["update_value", "trace", "chain_optimal"])
def max_of_whole_table(Q, s, a, r, s_next, terminated, alpha, gamma):
    """The maximum runs over the actions of s_next: Q[s_next].max(), not Q.max()."""
    _validated(Q, s, a, s_next, alpha, gamma)
    y = r if terminated else r + gamma * Q.max()
    return _moved(Q, s, a, alpha * (y - Q[s, a]))


@wrong(replaces="q_update", fails=["update_value", "trace", "chain_optimal"])
def same_action_next(Q, s, a, r, s_next, terminated, alpha, gamma):
    """Q[s_next, a] values the action just taken; the target wants the best action of s_next, whichever that is."""
    _validated(Q, s, a, s_next, alpha, gamma)
    y = r if terminated else r + gamma * Q[s_next, a]
    return _moved(Q, s, a, alpha * (y - Q[s, a]))


@wrong(replaces="q_update", fails=["update_value"])
def table_in_place(Q, s, a, r, s_next, terminated, alpha, gamma):
    """`Q[s, a] += …` writes into the caller's table; q_update returns a new one: change a copy."""
    Q[s, a] = q_update(Q, s, a, r, s_next, terminated, alpha, gamma)[s, a]
    return Q


@wrong(replaces="q_update", fails=["errors"])
def negative_index(Q, s, a, r, s_next, terminated, alpha, gamma):
    """numpy reads Q[-1] as the last state without a word: refuse indices below 0 yourself."""
    S, A = Q.shape
    if s >= S or a >= A or s_next >= S:
        raise ValueError("s, a or s_next is no index of Q")
    return q_update(Q, s % S, a % A, r, s_next % S, terminated, alpha, gamma)


@wrong(replaces="q_update", fails=["errors"])
def rates_unchecked(Q, s, a, r, s_next, terminated, alpha, gamma):
    """alpha outside (0, 1] or gamma outside [0, 1] never learns, or grows without bound: raise ValueError."""
    _validated(Q, s, a, s_next, 1.0, 0.0)
    y = r if terminated else r + gamma * Q[s_next].max()
    return _moved(Q, s, a, alpha * (y - Q[s, a]))


@wrong(replaces="epsilon_greedy", fails=["epsilon_value", "trace", "chain_optimal"])
def argmax_only(q_row, epsilon, rng):
    """From a zero table np.argmax always picks action 0 and never finds the reward: explore, and draw among ties."""
    return int(np.argmax(q_row))


@wrong(replaces="epsilon_greedy", fails=["epsilon_value", "trace"])
def first_of_ties(q_row, epsilon, rng):
    """np.argmax takes the first of equal values, so a zero table favours action 0: draw among all maximal entries."""
    if rng.random() < epsilon:
        return int(rng.integers(len(q_row)))
    return int(np.argmax(q_row))


@wrong(replaces="epsilon_greedy", fails=["epsilon_value", "trace", "chain_optimal"])
def epsilon_swapped(q_row, epsilon, rng):
    """Explore with probability epsilon: u < epsilon explores, otherwise be greedy. You have it the other way round."""
    if rng.random() >= epsilon:
        return int(rng.integers(len(q_row)))
    return int(rng.choice(np.flatnonzero(q_row == q_row.max())))


@wrong(replaces="epsilon_greedy", fails=["epsilon_value", "trace", "chain_optimal"])
def explores_only_others(q_row, epsilon, rng):
    """Exploring draws from ALL actions, the best one too: its share is 1 - epsilon + epsilon / A."""
    best = int(rng.choice(np.flatnonzero(q_row == q_row.max())))
    others = np.flatnonzero(np.arange(len(q_row)) != best)
    return int(rng.choice(others)) if rng.random() < epsilon and len(others) else best


@wrong(replaces="epsilon_greedy", fails=["trace"])
def other_draws(q_row, epsilon, rng):
    """The policy is right, the draws are not the ones stated: u = rng.random() first, then one choice, if any."""
    action = int(rng.integers(len(q_row)))
    greedy = int(rng.choice(np.flatnonzero(q_row == q_row.max())))
    return action if rng.random() < epsilon else greedy


def _run(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay,
    masks_truncation=False, decays_per_step=False, decays_first=False, advances=True, discount=1.0, after_end="next",
):  # fmt: skip
    """The reference's loop with one of the slips below switched on."""
    Q, returns = np.zeros((num_states, num_actions)), np.zeros(episodes)
    for episode in range(episodes):
        s, start = env.reset(), Q
        epsilon *= epsilon_decay if decays_first else 1.0
        for t in range(max_steps):
            a = epsilon_greedy(Q[s], epsilon, rng)
            s_next, r, terminated, truncated = env.step(a)
            Q = q_update(Q, s, a, r, s_next, terminated or (masks_truncation and truncated), alpha, gamma)
            returns[episode] += discount**t * r
            s = s_next if advances else s
            epsilon *= epsilon_decay if decays_per_step else 1.0
            if (terminated or truncated) and after_end != "more steps":
                break
        if (terminated or truncated) and after_end in ("more steps", "end of training"):
            break
        Q = start if after_end == "forgets" else Q
        epsilon *= 1.0 if decays_first or decays_per_step else epsilon_decay
    return Q, returns


@wrong(replaces="q_learning", fails=["terminal_mask", "trace", "chain_optimal", "episode_control"])
def break_wrong_loop(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """The end of an episode belongs inside the step loop: your steps go on after it, and then the training stops."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay,
        after_end="more steps",
    )  # fmt: skip


@wrong(replaces="q_learning", fails=["terminal_mask", "trace", "chain_optimal", "episode_control"])
def training_ends_at_done(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """The end of an episode is not the end of the training: leave the step loop and reset for the next episode."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay,
        after_end="end of training",
    )  # fmt: skip


@wrong(replaces="q_learning", fails=["terminal_mask", "trace"])
def truncated_as_terminal(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """A time limit is not a terminal state: a truncated step ends the episode, but its target keeps the future."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay,
        masks_truncation=True,
    )  # fmt: skip


@wrong(replaces="q_learning", fails=["trace"])
def decay_per_step(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """epsilon decays once per episode; yours decays at every step, so exploring ends far too soon."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay,
        decays_per_step=True,
    )  # fmt: skip


@wrong(replaces="q_learning", fails=["trace"])
def decay_before_episode(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """The first episode is played with epsilon itself: the decay comes after an episode, not before it."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay, decays_first=True
    )


@wrong(replaces="q_learning", fails=["trace", "chain_optimal"])
def state_not_advanced(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """After the update the state reached becomes the present one: s = s_next is missing."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay, advances=False
    )


@wrong(replaces="q_learning", fails=["trace", "episode_control"])
def discounted_returns(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """The returns asked for are plain sums of rewards; gamma belongs to the target only."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay, discount=gamma
    )


@wrong(replaces="q_learning", fails=["terminal_mask", "trace", "chain_optimal"])
def table_per_episode(
    env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0
):
    """What an episode taught must stay: make the table of zeros once, before the loop over episodes."""
    return _run(
        env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps, epsilon_decay,
        after_end="forgets",
    )  # fmt: skip


@wrong(replaces="q_learning", fails=["trace", "chain_optimal"])
def sarsa_target(env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0):
    """Q-learning is off-policy: its target takes the maximum over the next actions; the one taken next is SARSA."""
    Q, returns = np.zeros((num_states, num_actions)), np.zeros(episodes)
    for episode in range(episodes):
        s = env.reset()
        a = epsilon_greedy(Q[s], epsilon, rng)
        for _ in range(max_steps):
            s_next, r, terminated, truncated = env.step(a)
            a_next = epsilon_greedy(Q[s_next], epsilon, rng)
            _validated(Q, s, a, s_next, alpha, gamma)
            y = r if terminated else r + gamma * Q[s_next, a_next]
            Q[s, a] += alpha * (y - Q[s, a])
            returns[episode] += r
            s, a = s_next, a_next
            if terminated or truncated:
                break
        epsilon *= epsilon_decay
    return Q, returns


@wrong(replaces="greedy_policy", fails=["chain_optimal"])
def best_values(Q):
    """The policy names actions: take the argmax of each row, not its maximum."""
    return Q.max(axis=1)


@wrong(replaces="greedy_policy", fails=["chain_optimal"])
def policy_axis_zero(Q):
    """Rows are states: the argmax runs over the actions (axis 1), not over the states."""
    return Q.argmax(axis=0)


@wrong(replaces="greedy_policy", fails=["chain_optimal"])
def last_of_ties(Q):
    """Among equal actions the policy takes the lowest index (np.argmax does); yours takes the highest."""
    return Q.shape[1] - 1 - greedy_policy(Q[:, ::-1])
