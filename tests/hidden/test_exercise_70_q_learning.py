"""Each docstring is the line the learner reads. The oracle plays with plain lists; optima come from value iteration.

The environments are classes of this file; the learner's code calls them back and they note what they are asked.
"""

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


class Script:
    """Answers written down beforehand, whatever the action; after the last row of an episode it repeats that row."""

    def __init__(self, starts, episodes, limit=3000):
        self._starts, self._episodes, self._limit = starts, episodes, limit
        self._actions = []  # one list per reset

    def reset(self):
        self._actions.append([])
        return self._starts[(len(self._actions) - 1) % len(self._starts)]

    def step(self, action):
        if not self._actions:
            raise RuntimeError("step before reset")
        if sum(self.lengths()) >= self._limit:
            raise RuntimeError(f"the environment was stepped more than {self._limit} times")
        self._actions[-1].append(int(action))
        rows = self._episodes[(len(self._actions) - 1) % len(self._episodes)]
        return rows[min(len(self._actions[-1]), len(rows)) - 1]

    def lengths(self):
        return [len(a) for a in self._actions]


class World:
    """A deterministic task: `task[s][a]` is (next state, reward, terminated); episodes start at `starts` in turn."""

    def __init__(self, task, starts, limit=20_000):
        self._task, self._starts, self._limit = task, starts, limit
        self._resets = self._steps = self._state = 0

    def reset(self):
        self._state = self._starts[self._resets % len(self._starts)]
        self._resets += 1
        return self._state

    def step(self, action):
        if self._steps >= self._limit:
            raise RuntimeError(f"the environment was stepped more than {self._limit} times")
        self._steps += 1
        self._state, reward, terminated = self._task[self._state][int(action)]
        return self._state, reward, terminated, False


def updated(table, s, a, r, s_next, terminated, alpha, gamma):
    """The table as lists of Python floats, with one entry moved."""
    rows = [[float(v) for v in row] for row in table]
    target = r if terminated else r + gamma * sorted(rows[s_next])[-1]
    rows[s][a] = (1 - alpha) * rows[s][a] + alpha * target
    return rows


def chosen(row, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(row)))
    ties = [i for i, v in enumerate(row) if all(v >= w for w in row)]
    return int(rng.choice(ties))


def played(env, states, actions, episodes, alpha, gamma, epsilon, rng, max_steps=1000, epsilon_decay=1.0):
    """What q_learning should return."""
    table, sums = [[0.0] * actions for _ in range(states)], []
    for number in range(episodes):
        s, rewards = env.reset(), []
        while len(rewards) < max_steps:
            a = chosen(table[s], epsilon * epsilon_decay**number, rng)
            s_next, r, terminated, truncated = env.step(a)
            table = updated(table, s, a, r, s_next, terminated, alpha, gamma)
            rewards.append(r)
            s = s_next
            if terminated or truncated:
                break
        sums.append(sum(rewards))
    return np.array(table), np.array(sums)


def optimal(task, gamma):
    """Q* of a deterministic task, by value iteration."""
    values = np.zeros((len(task), len(task[0])))
    for _ in range(300):
        values = np.array(
            [[r + (0.0 if end else gamma * values[t].max()) for t, r, end in actions] for actions in task]
        )
    return values


def random_update(rng, dtype=np.float64):
    """A table and the arguments of one update; s_next may be s."""
    states, actions = (int(n) for n in rng.permutation([3, 4, 5])[:2])
    table = rng.normal(size=(states, actions)).astype(dtype) - 2.0 * int(rng.integers(2))
    s, s_next = (int(n) for n in rng.integers(states, size=2))
    return table.astype(dtype), s, int(rng.integers(actions)), float(rng.normal()), s_next


@points(25)
def test_update_value(candidate, rng, case):
    """q_update moves one entry of a new table by alpha towards r + gamma * max Q[s_next]."""
    with case("by hand"):
        table = np.array([[1.0, 2.0, 0.0], [4.0, 8.0, 6.0]])
        new = candidate.q_update(table, 0, 2, 1.0, 1, False, 0.25, 0.5)
        # 0 + 1/4 * (1 + 1/2 * 8 - 0) = 1.25
        check_close("q_update(Q, …)", new, np.array([[1.0, 2.0, 1.25], [4.0, 8.0, 6.0]]), rtol=1e-12)
    for alpha, gamma in ((1, 1), (1.0, 0.0), (0.5, 1.0), *rng.uniform(0.05, 0.95, size=(5, 2)).tolist()):
        table, s, a, r, s_next = random_update(rng)
        with case(f"alpha {alpha:.3g}, gamma {gamma:.3g}"):
            new = candidate.q_update(table, s, a, r, s_next, False, alpha, gamma)
            expected = np.array(updated(table, s, a, r, s_next, False, alpha, gamma))
            check_close("q_update(Q, …)", new, expected, rtol=1e-12)
            check_pure(candidate, "Q")
            check_fresh(candidate, "Q")
    with case("named arguments, s_next = s"):
        table, s, a, r, _ = random_update(rng)
        new = candidate.q_update(Q=table, s=s, a=a, r=r, s_next=s, terminated=False, alpha=0.3, gamma=0.8)
        check_close("q_update(Q, …)", new, np.array(updated(table, s, a, r, s, False, 0.3, 0.8)), rtol=1e-12)
    with case("every value negative"):
        table = -rng.uniform(1.0, 5.0, size=(2, 3))
        new = candidate.q_update(table, 0, 1, 0.5, 1, False, 0.5, 0.9)
        check_close("q_update(Q, …)", new, np.array(updated(table, 0, 1, 0.5, 1, False, 0.5, 0.9)))
    with case("the last state and action"):
        table = rng.normal(size=(3, 4))
        new = candidate.q_update(table, 2, 3, 1.0, 2, False, 0.5, 0.9)
        check_close("q_update(Q, …)", new, np.array(updated(table, 2, 3, 1.0, 2, False, 0.5, 0.9)))
    with case("float32"):
        table, s, a, r, s_next = random_update(rng, np.float32)
        new = candidate.q_update(table, s, a, r, s_next, False, 0.4, 0.7)
        expected = np.array(updated(table, s, a, r, s_next, False, 0.4, 0.7), dtype=np.float32)
        check_close("q_update of float32", new, expected, dtype=True)
    with case("a transposed view"):
        table = rng.normal(size=(4, 3)).T
        new = candidate.q_update(table, 1, 2, 1.0, 2, False, 0.5, 0.9)
        check_close("q_update of a view", new, np.array(updated(table, 1, 2, 1.0, 2, False, 0.5, 0.9)))


@points(15)
def test_terminal_mask(candidate, rng, case):
    """A terminated step's target is the reward alone; a step that a time limit cuts keeps the future."""
    with case("by hand"):
        table = np.array([[0.0, 2.0], [10.0, 20.0]])
        new = candidate.q_update(table, 0, 1, 1.0, 1, True, 0.5, 0.9)
        check_close("q_update(…, terminated=True)", new, np.array([[0.0, 1.5], [10.0, 20.0]]))  # 2 + 1/2 * (1 - 2)
    for size in (100.0, -100.0):
        table, s, a, r, s_next = random_update(rng)
        table[s_next] += size
        with case(f"terminated next to values near {size:g}"):
            expected = np.array(updated(table, s, a, r, s_next, True, 0.3, 0.9))
            new = candidate.q_update(table, s, a, r, s_next, True, 0.3, 0.9)
            check_close("q_update(…, terminated=True)", new, expected, rtol=1e-12)
    # One action and alpha = 1, so that no draw matters: first Q[1] = 2, then a step from 0 to 1 with reward 1.
    gamma = float(rng.uniform(0.3, 0.9))
    for words, flags, steps, first in (
        ("terminated", (True, False), 1000, 1.0),
        ("truncated", (False, True), 1000, 1.0 + gamma * 2.0),
        ("terminated and truncated", (True, True), 1000, 1.0),
        ("cut by max_steps", (False, False), 1, 1.0 + gamma * 2.0),
    ):
        with case(f"q_learning, {words}"):
            env = Script([1, 0], [[(2, 2.0, True, False)], [(1, 1.0, *flags)]])
            rng_of_run = np.random.default_rng(int(rng.integers(2**32)))
            result = candidate.q_learning(env, 3, 1, 2, 1.0, gamma, 0.1, rng_of_run, max_steps=steps)
            table, _ = unpack("q_learning(…)", result, 2)
            check_close(f"Q after an episode that was {words}", table, np.array([[first], [2.0], [0.0]]))


def drawn(m, row, epsilon, seed, count):  # runs in the candidate
    rng = np.random.default_rng(seed)
    return [int(m.epsilon_greedy(row, epsilon, rng)) for _ in range(count)]


@points(15)
def test_epsilon_value(candidate, rng, case):
    """epsilon_greedy explores uniformly with probability epsilon, else is greedy and picks evenly among ties."""
    high = np.array([-0.5, -3.0, -1.0, -0.5])
    plain = np.array([0.2, 0.1, 0.5, 0.3])
    for words, row, epsilon, shares in (
        ("epsilon 0", plain, 0.0, [0.0, 0.0, 1.0, 0.0]),
        ("epsilon 1", plain, 1.0, [0.25] * 4),
        ("epsilon 0.4", plain, 0.4, [0.1, 0.1, 0.7, 0.1]),  # 0.6 + 0.4 / 4 for the best
        ("a tie of two", high, 0.0, [0.5, 0.0, 0.0, 0.5]),
        ("a tie of two, epsilon 0.5", high, 0.5, [0.375, 0.125, 0.125, 0.375]),  # 0.5 / 2 + 0.5 / 4, 0.5 / 4
        ("all zero", np.zeros(3), 0.1, [1 / 3] * 3),
    ):
        order = rng.permutation(len(row))
        shares, count = np.array(shares)[order], 1000
        with case(words):
            actions = candidate.run(drawn, row[order], epsilon, int(rng.integers(2**32)), count)
            check(set(actions) <= set(range(len(row))), f"{words}: actions are {sorted(set(actions))}.")
            found = np.bincount(actions, minlength=len(row))
            slack = 6 * np.sqrt(count * shares * (1 - shares))  # six standard deviations; none where 0 or 1
            for action, (times, share, allowed) in enumerate(zip(found, shares, slack, strict=True)):
                check(
                    abs(times - count * share) <= allowed,
                    f"{words}: action {action} was taken {times} times of {count}, expected about {count * share:.0f}.",
                )
    with case("one action"):
        action = candidate.epsilon_greedy(np.array([-1.0]), 0.5, np.random.default_rng(int(rng.integers(2**32))))
        check_type("epsilon_greedy of one action", action, int)
        check_equal("epsilon_greedy of one action", action, 0)
    with case("the row is left as it is"):
        row = rng.normal(size=4).astype(np.float32)
        before = row.copy()
        action = candidate.epsilon_greedy(row, 0.0, np.random.default_rng(int(rng.integers(2**32))))
        check_equal("epsilon_greedy of float32", action, int(np.argmax(before)))
        check_equal("q_row after the call", row, before)


def random_script(rng, states, max_steps):
    """Six episodes that end in every way; rewards are real numbers, so no two updated entries tie."""
    ends = ((False, False), (False, True), (True, True), (False, False), (False, True), (True, False))
    episodes = []
    for flags in ends:
        length = int(rng.integers(2, max_steps)) if any(flags) else max_steps
        rows = [(int(rng.integers(states)), float(rng.normal()), False, False) for _ in range(length)]
        rows[-1] = (*rows[-1][:2], *flags)
        episodes.append(rows)
    return rng.integers(states, size=len(ends)).tolist(), episodes


@points(15)
def test_trace(candidate, rng, case):
    """With the draws in the stated order, actions, Q and returns come out exactly."""
    seeds = rng.integers(2**32, size=40).tolist()
    with case("single choices"):
        for i, seed in enumerate(seeds[:15]):
            row = rng.integers(3, size=int(rng.integers(2, 7))) * 0.5
            epsilon = (0.0, 0.5, 1.0)[i % 3]
            action = candidate.epsilon_greedy(row, epsilon, np.random.default_rng(seed))
            name = f"epsilon_greedy({row.tolist()}, {epsilon}, default_rng({seed}))"
            check_equal(name, action, chosen(row.tolist(), epsilon, np.random.default_rng(seed)))
    with case("several choices from one generator"):
        mine, theirs = (np.random.default_rng(seeds[15]) for _ in range(2))
        for _ in range(15):
            row = np.round(rng.normal(size=4))
            action = candidate.epsilon_greedy(row, 0.5, mine)
            check_equal("epsilon_greedy in turn", action, chosen(row.tolist(), 0.5, theirs))
    with case("u equal to epsilon is not below it"):
        for seed in seeds[16:22]:
            epsilon = float(np.random.default_rng(seed).random())  # the very number that will be drawn
            action = candidate.epsilon_greedy(np.array([1.0, 2.0, 0.0, 1.0]), epsilon, np.random.default_rng(seed))
            check_equal(f"epsilon_greedy([1, 2, 0, 1], u, default_rng({seed}))", action, 1)
    for number in range(3):
        states, actions = (int(n) for n in rng.permutation([3, 4, 5])[:2])
        starts, episodes = random_script(rng, states, 10)
        alpha, gamma = rng.uniform(0.2, 0.9, size=2).tolist()
        count = int(rng.integers(5, 7))
        settings = [{"epsilon": 0.5}, {"epsilon": 0.95, "epsilon_decay": 0.4}, {"epsilon": 0.3, "epsilon_decay": 1.3}]
        options = {"alpha": alpha, "gamma": gamma, "max_steps": 10, **settings[number]}
        words = ", ".join(f"{k} {v:.2g}" for k, v in settings[number].items())
        with case(f"a scripted run, {words}"):
            mine, theirs = Script(starts, episodes), Script(starts, episodes)
            generators = [np.random.default_rng(seeds[30 + number]) for _ in range(2)]
            expected = played(theirs, states, actions, count, rng=generators[1], **options)
            result = candidate.q_learning(mine, states, actions, count, rng=generators[0], **options)
            table, returns = unpack("q_learning(…)", result, 2)
            check_equal("the actions of each episode", mine._actions, theirs._actions)
            check_close("Q", table, expected[0])
            check_close("returns", returns, expected[1])


def chain(rng):
    """A corridor: one action leads on, the other back; the only reward waits at the far end."""
    length = int(rng.integers(4, 6))
    onward = [1, *rng.integers(2, size=length - 1).tolist()]  # at the start, action 0 stays where it is
    task = []
    for s in range(length):
        last = s == length - 1
        moves = [(max(s - 1, 0), 0.0, False), (s + 1, 1.0 if last else 0.0, last)]
        task.append(moves if onward[s] else moves[::-1])
    return [*task, [(length, 0.0, True)] * 2]


def random_world(rng, gamma):
    """Four states without an end, two actions each; the better one is better by 0.05 at least."""
    while True:
        nexts, rewards = rng.integers(4, size=(4, 2)), rng.uniform(-1.0, 1.0, size=(4, 2))
        task = [[(int(nexts[s, a]), float(rewards[s, a]), False) for a in range(2)] for s in range(4)]
        best = optimal(task, gamma)
        if np.abs(best[:, 0] - best[:, 1]).min() > 0.05:
            return task, best


@points(15)
def test_chain_optimal(candidate, rng, case):
    """In small worlds the learned table becomes optimal, also where the steps are taken at random."""
    seeds = rng.integers(2**32, size=5).tolist()
    task = chain(rng)
    goal = len(task) - 1
    with case("a corridor with one reward at its end"):
        # With alpha = 1 every episode carries the exact value one state further back, so goal + 2 episodes are enough.
        env, generator = World(task, [0]), np.random.default_rng(seeds[0])
        result = candidate.q_learning(env, goal + 1, 2, goal + 2, 1.0, 0.9, 1.0, generator, max_steps=300)
        table, _ = unpack("q_learning(…)", result, 2)
        check_shape("Q", table, (goal + 1, 2))
        best = optimal(task, 0.9)
        check_close("max over a of Q[s, a]", table.max(axis=1), best.max(axis=1))
        check_equal("argmax over a of Q[s, a]", table[:goal].argmax(axis=1), best[:goal].argmax(axis=1))
    with case("the better action costs first"):
        # From state 0: action 0 ends with 0.1; action 1 costs 0.1 and leads to state 1, where the end is worth 1.
        task = [[(2, 0.1, True), (1, -0.1, False)], [(2, 1.0, True)] * 2, [(2, 0.0, True)] * 2]
        env, generator = World(task, [0]), np.random.default_rng(seeds[1])
        result = candidate.q_learning(env, 3, 2, 60, 1.0, 0.5, 1.0, generator)
        table, _ = unpack("q_learning(…)", result, 2)
        expected = np.array([[0.1, 0.4], [1.0, 1.0], [0.0, 0.0]])  # Q[0, 1] = -0.1 + 0.5 * 1
        check_close("Q", table, expected)
    with case("a random world without an end"):
        task, best = random_world(rng, 0.4)
        env, generator = World(task, [0, 1, 2, 3]), np.random.default_rng(seeds[2])
        result = candidate.q_learning(env, 4, 2, 160, 1.0, 0.4, 1.0, generator, max_steps=2)
        table, _ = unpack("q_learning(…)", result, 2)
        # 80 updates per state from random actions: simulated, the rest of the start is below 1e-5 (10^4 runs).
        check_close("Q", table, best, rtol=0.0, atol=1e-3)
    with case("without exploration it may fail, but it ends"):
        env, generator = World(chain(rng), [0]), np.random.default_rng(seeds[3])
        result = candidate.q_learning(env, 6, 2, 3, 0.5, 0.9, 0.0, generator, max_steps=20)
        _, returns = unpack("q_learning(…)", result, 2)
        check_shape("returns", returns, (3,))
        check(env._resets == 3 and env._steps <= 60, f"3 episodes of at most 20 steps took {env._steps} steps.")
    with case("greedy_policy"):
        table = rng.normal(size=(5, 3)) - 3.0
        policy = candidate.greedy_policy(table)
        check_equal("greedy_policy(Q)", policy, np.array([row.index(max(row)) for row in table.tolist()]))
        check(policy.dtype.kind in "iu", f"greedy_policy(Q) has dtype {policy.dtype}; actions are integers.")
    with case("greedy_policy among ties"):
        table = np.array([[0.0, 0.0, 0.0], [-1.0, 2.0, 2.0], [3.0, -1.0, 3.0], [1.0, 2.0, 3.0]])
        before = table.copy()
        check_equal("greedy_policy(Q)", candidate.greedy_policy(table), np.array([0, 1, 0, 2]))
        check_equal("Q after greedy_policy", table, before)


@points(10)
def test_episode_control(candidate, rng, case):
    """An episode stops at terminated, truncated or max_steps, the next one follows, and its rewards are summed."""
    starts, episodes = random_script(rng, 4, 6)
    lengths = [len(rows) for rows in episodes]
    sums = np.array([sum(row[1] for row in rows) for rows in episodes])
    for count in (3, 6):
        with case(f"{count} episodes that end in different ways"):
            env, generator = Script(starts, episodes), np.random.default_rng(int(rng.integers(2**32)))
            result = candidate.q_learning(env, 4, 3, count, 0.5, 0.9, 0.3, generator, 6)
            table, returns = unpack("q_learning(…)", result, 2)
            check_equal("the steps of each episode", env.lengths(), lengths[:count])
            check_shape("Q", table, (4, 3))
            check_dtype("Q", table, "float64")
            check_close("returns", returns, sums[:count], dtype=True)
    with case("no episode ends by itself"):
        env = Script([0], [[(0, 1.0, False, False)]])
        result = candidate.q_learning(env, 1, 2, 3, 0.5, 0.5, 0.2, np.random.default_rng(5), max_steps=4)
        _, returns = unpack("q_learning(…)", result, 2)
        check_equal("the steps of each episode", env.lengths(), [4, 4, 4])
        check_close("returns", returns, np.full(3, 4.0))
    with case("max_steps is 1000 unless given"):
        env = Script([0], [[(0, 1.0, False, False)]])
        candidate.q_learning(env, 1, 1, 1, 0.5, 0.5, 0.2, np.random.default_rng(5))
        check_equal("the steps of each episode", env.lengths(), [1000])
    with case("the first step ends it"):
        env = Script([1], [[(0, -2.0, True, False)], [(0, 0.0, False, True)]])
        result = candidate.q_learning(env, 2, 3, 4, 0.5, 0.5, 0.2, np.random.default_rng(5), max_steps=3)
        _, returns = unpack("q_learning(…)", result, 2)
        check_equal("the steps of each episode", env.lengths(), [1, 1, 1, 1])
        check_close("returns", returns, np.array([-2.0, 0.0, -2.0, 0.0]))


@points(5)
def test_errors(candidate, rng, case):
    """alpha outside (0, 1], gamma outside [0, 1], or a state or action that Q does not have raise ValueError."""
    table = rng.normal(size=(3, 4))
    for alpha, gamma in ((0.0, 0.9), (-0.5, 0.9), (1.5, 0.9), (0.5, -0.1), (0.5, 1.1)):
        words = f"alpha={alpha:g}, gamma={gamma:g}"
        with case(f"q_update, {words}"), check_raises(ValueError, f"q_update with {words}"):
            candidate.q_update(table, 0, 0, 1.0, 1, False, alpha, gamma)
        with case(f"q_learning, {words}"), check_raises(ValueError, f"q_learning with {words}"):
            env = Script([0], [[(1, 1.0, True, False)]])
            candidate.q_learning(env, 2, 2, 1, alpha, gamma, 0.1, np.random.default_rng(5))
    for name, s, a, s_next in (
        ("s", 3, 0, 1), ("s", -1, 0, 1), ("a", 0, 4, 1), ("a", 0, -1, 1), ("s_next", 0, 0, 3), ("s_next", 0, 0, -1),
    ):  # fmt: skip
        value = {"s": s, "a": a, "s_next": s_next}[name]
        with case(f"{name} = {value}"), check_raises(ValueError, f"{name}={value} with a table of 3 states, 4 actions"):
            candidate.q_update(table, s, a, 1.0, s_next, False, 0.5, 0.9)
