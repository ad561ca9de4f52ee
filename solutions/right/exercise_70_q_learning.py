"""The same in another style: lists and (1 - alpha) * old + alpha * new; then one loop over all steps, in place."""

import numpy as np


# --- plain Python
def epsilon_greedy(q_row, epsilon, rng):
    values = [float(v) for v in q_row]
    if rng.random() < epsilon:
        return int(rng.integers(0, len(values)))
    best = [i for i, v in enumerate(values) if v == max(values)]
    return best[0] if len(best) == 1 else best[int(rng.integers(len(best)))]


def q_update(Q, s, a, r, s_next, terminated, alpha, gamma):
    if alpha <= 0 or alpha > 1 or gamma < 0 or gamma > 1:
        raise ValueError("alpha or gamma")
    if min(s, s_next, a) < 0 or max(s, s_next) >= Q.shape[0] or a >= Q.shape[1]:
        raise ValueError("index")
    table = [[float(v) for v in row] for row in Q]
    future = 0.0 if terminated else max(table[s_next])
    table[s][a] = (1 - alpha) * table[s][a] + alpha * (r + gamma * future)
    return np.array(table, dtype=Q.dtype)


def greedy_policy(Q):
    return np.array([list(row).index(max(row)) for row in Q])


# --- one loop, in place
def q_learning(env, num_states, num_actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0):
    if not (0 < alpha <= 1 and 0 <= gamma <= 1):
        raise ValueError("alpha or gamma")
    table = np.zeros(shape=(num_states, num_actions), dtype=np.float64)
    sums = []
    while len(sums) < episodes:
        state, rewards, over = env.reset(), [], False
        rate = epsilon * epsilon_decay ** len(sums)
        while not over:
            row = table[state]
            if rng.random() < rate:
                action = rng.integers(num_actions)
            else:
                (ties,) = np.where(row == np.amax(row))
                action = rng.choice(ties)
            following, reward, terminated, truncated = env.step(action)
            target = reward + gamma * table[following].max() * (not terminated)
            row[action] += alpha * (target - row[action])
            rewards.append(reward)
            state = following
            over = terminated or truncated or len(rewards) == max_steps
        sums.append(sum(rewards))
    return table, np.array(sums, dtype=np.float64)
