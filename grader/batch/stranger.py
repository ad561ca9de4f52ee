"""Asks a cluster for something without a token, then with it: `python -m dlkit.grader.batch.stranger HOST:PORT`.

A process of its own: Ray settles how it authenticates when it is imported, and complains on standard error. Prints a
word for each time: `taken`, `refused`, or `failed:` and a reason.
"""

import os
import sys

SECONDS = 10


def ask(address: str, mode: str) -> str:
    os.environ["RAY_AUTH_MODE"] = mode
    from ray._raylet import Config, GcsClient  # type: ignore[attr-defined]
    from ray.exceptions import AuthenticationError

    Config.initialize("")  # it has a look at the environment
    try:
        GcsClient(address=address).internal_kv_keys(b"dlkit", None, timeout=SECONDS)
    except AuthenticationError:
        return "refused"
    except Exception as error:
        return f"failed:{type(error).__name__}:{error}".replace(" ", "_")[:300]
    return "taken"


if __name__ == "__main__":
    print(ask(sys.argv[1], "disabled"), ask(sys.argv[1], "token"), flush=True)
    os._exit(0)  # Ray's threads need not be waited for
