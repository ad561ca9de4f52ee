"""Returns objects whose unpickling would run a command."""

import os

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only


class Poison:
    def __reduce__(self):
        return os.system, ("touch dlkit_attack_unpickled",)

    __reduce_ex__ = lambda self, protocol: self.__reduce__()
    __getstate__ = __reduce__


def softmax(x, axis=-1, temperature=1.0):
    return Poison()


def softmax_backward(dy, y, axis=-1):
    return [Poison(), {"y": Poison()}]
