"""What a Ray cluster costs and gains, on this machine: python benchmarks/cluster.py [--tasks N] [--rounds N]

Per task against the local engine (one slot each), two nodes of one slot against one, and how long it takes until the
answer that was in flight on a killed or frozen node has its verdict. Ratios are of runs that alternate; the load of the
machine is printed with every figure, because two slots need two free cores.
"""

import argparse
import os
import signal
import statistics
import time

import loopback

from dlkit.grader.batch.cluster import connect
from dlkit.grader.batch.command import usable_sandbox
from dlkit.grader.batch.identity import exercise_version
from dlkit.grader.batch.local import LocalEngine
from dlkit.grader.batch.pool import Pool, Task
from dlkit.grader.batch.ray_engine import RayEngine
from dlkit.grader.batch.request import Request
from dlkit.grader.catalog import catalog

SOFTMAX, DISTILLATION = catalog().find("softmax"), catalog().find("distillation_loss")
LONG = 3.0  # seconds, so that a disturbance finds the answer at work


def tasks(count, before="", exercise=SOFTMAX):
    right, version = exercise.solution.read_text("utf-8"), exercise_version(exercise)
    for i in range(count):
        units = [["a.py", f"{before}{right}# {i} {time.monotonic()}\n"]]
        yield Task(i, {"exercise": exercise.stem, "version": version, "units": units, "seed": 7})


def seconds(engine, count, exercise=SOFTMAX):
    """For so many tasks; the workers are warm."""
    began = time.monotonic()
    outcomes = list(Pool(engine).run(tasks(count, exercise=exercise)))
    taken = time.monotonic() - began
    assert [o.result["score"] for o in outcomes] == [100.0] * count
    return taken


def warm(engine, exercise=SOFTMAX):
    list(Pool(engine).run(tasks(4 * engine.slots, "import time\ntime.sleep(0.5)\n", exercise)))


def say(name, text):
    print(f"{name:40} {text}   load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores", flush=True)


def costs(ray, sandbox, count, rounds):
    """Local and Ray, one slot each, taking turns task by task."""
    local, cluster = LocalEngine(1, sandbox), RayEngine(ray, sandbox, lambda _: Request(), jobs=1)
    for engine in (local, cluster):
        warm(engine)
    found = [(seconds(local, 1), seconds(cluster, 1)) for _ in range(count * rounds)]  # one each: the load is the same
    local.close()
    here, there = (statistics.median(column) for column in zip(*found, strict=True))
    sums = [sum(column) for column in zip(*found, strict=True)]
    words = f"{1000 * there:.0f} / {1000 * here:.0f} ms, medians of {len(found)}; sums {sums[1] / sums[0]:.2f}"
    say("per task, Ray / local", f"{there / here:.2f} (bar 1.25; {words})")


def gains(ray, sandbox, count, rounds, exercise):
    """One slot and two, on the same cluster. The driver and Ray's own processes take their share of the same cores."""
    one, two = (RayEngine(ray, sandbox, lambda _: Request(), jobs=jobs) for jobs in (1, 2))
    warm(two, exercise)
    ratios = [seconds(one, count, exercise) / seconds(two, count, exercise) for _ in range(rounds)]
    say(f"two nodes / one slot, {exercise.slug}", f"{statistics.median(ratios):.2f} (bar 1.8; {spread(ratios)})")


def spread(ratios):
    return f"{len(ratios)} rounds, {min(ratios):.2f} to {max(ratios):.2f}"


def recovery(cluster, ray, sandbox, name, bar, disturb):
    """From the disturbance until both answers have their verdicts."""
    engine = RayEngine(ray, sandbox, lambda _: Request())
    warm(engine)
    began, lost = None, []
    pool = Pool(engine)
    source = tasks(2, f"import time\ntime.sleep({LONG})\n")
    submitted = time.monotonic()
    poll = engine.poll

    def watched(timeout):
        nonlocal began
        events = poll(timeout)
        lost.extend(e.reply["fault"] for e in events if e.kind == "lost")
        if began is None and sum(r.begun for r in engine._running.values()) == 2 and time.monotonic() - submitted > 1:
            began = time.monotonic()
            disturb(cluster.nodes[-1])
        return events

    engine.poll = watched
    outcomes = list(pool.run(source))
    taken = time.monotonic() - began
    assert all(o.result["score"] == 100.0 for o in outcomes)
    assert lost, "nothing was in flight"
    say(f"recovery, {name} node", f"{taken:.1f} s (bar {bar} s, {LONG:g} s of them the answer's own; {lost[0]})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sandbox = usable_sandbox("auto")
    with loopback.Cluster() as cluster:
        os.environ.update(cluster.environment)
        ray = connect(cluster.address)
        costs(ray, sandbox, options.tasks, options.rounds)
        for exercise in (SOFTMAX, DISTILLATION):
            gains(ray, sandbox, options.tasks, options.rounds, exercise)
        recovery(cluster, ray, sandbox, "frozen", 60, lambda node: node.send(signal.SIGSTOP))
        cluster.nodes[-1].kill()
        cluster.add()
        recovery(cluster, ray, sandbox, "killed", 20, lambda node: node.kill())
        ray.shutdown()


if __name__ == "__main__":
    main()
