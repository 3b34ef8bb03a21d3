"""The tables of the federation, with one module for each stage of the data.

Import the module that has the table: this package passes nothing on. So an import contract can see which code reads
exact counts, and which reads published cells.
"""

from federation.models import (  # noqa: F401  Django registers models when it imports this package
    audit,
    effects,
    figures,
    findings,
    measures,
    notifications,
    published,
    submissions,
    worklist,
)
