"""Pages of the lists that grow for ever."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

#: So many rows can be paged through; to count millions takes longer than to read a page of them.
REACH = 10_000


class NewestPages(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the first rows of a list, in its order; what lies further back is found by filters and search."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, as far as is counted."""
        rows: Any = self.object_list
        return int(rows[:REACH].count())
