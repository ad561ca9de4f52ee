"""`make bench`: the table of speeds, every row a ratio measured in one run.

python benchmarks/bench.py [--quick] [--json FILE] [--only WORD] [--most N]
"""

import argparse
import json
import sys
from pathlib import Path

import classroom
import rows
from peers import peer_rows
from timing import machine
from watch import watched

GROUPS = {
    "start-up": rows.start_up, "cold": rows.cold_checks, "watch": watched, "sandbox": rows.sandbox,
    "peers": peer_rows,
}  # fmt: skip
CLASS = {"softmax": 200, "distillation_loss": 100}  # stock takes seconds for each of the latter
QUICK_CLASS = {"softmax": 10, "distillation_loss": 5}  # start-up weighs more: the bars are for whole classes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repeats: three minutes at most")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    parser.add_argument("--only", choices=sorted([*GROUPS, "class"]), help="one group of rows")
    parser.add_argument("--most", type=int, default=1000, help="submissions of a class")
    chosen = parser.parse_args()
    sizes = {slug: min(n, chosen.most) for slug, n in (QUICK_CLASS if chosen.quick else CLASS).items()}
    groups = {**GROUPS, "class": lambda repeats: classroom.class_rows(sizes)}
    where = machine()
    print(", ".join(f"{k} {v}" for k, v in where.items()), flush=True)
    found = []
    for name, group in groups.items():
        if chosen.only in (None, name):
            for row in group(3 if chosen.quick else 7):
                found.append(row)
                print(row, flush=True)
    if chosen.json:
        chosen.json.write_text(
            json.dumps({"machine": where, "rows": [r.to_json() for r in found]}, indent=1) + "\n", "utf-8"
        )
    return 1 if any(row.met is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
