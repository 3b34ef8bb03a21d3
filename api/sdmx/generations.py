"""How each generation of SDMX-REST says what is asked for: the path that names a flow and a key, and the parameters."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from api.sdmx import questions, targets
from api.sdmx.flows import Flow
from api.sdmx.questions import Question
from api.sdmx.targets import Target


class Generation(NamedTuple):
    """The readers of a path and of what is asked of the flow and the key that it names; what of that selects data."""

    target: Callable[[str], Target]
    question: Callable[[Mapping[str, str], Flow, str], Question]
    selecting: frozenset[str]


OLDER: Final = Generation(targets.of_root_2, questions.of_root_2, questions.SELECTING_2)
NEWER: Final = Generation(targets.of_root_3, questions.of_root_3, questions.SELECTING_3)
