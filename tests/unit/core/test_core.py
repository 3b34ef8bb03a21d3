"""The core works without the server, because a program at an agency has only the core."""

import subprocess
import sys
from pathlib import Path

import p2p_core

ROOT = Path(p2p_core.__file__).parent
MODULES = sorted(
    ".".join(("p2p_core", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
)


def test_core_needs_four_libraries_beside_the_standard_one():
    look = (
        f"import sys, numpy, msgspec; sys.path.insert(0, {str(ROOT.parent)!r}); before = set(sys.modules); "
        f"import {', '.join(MODULES)}; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd="/", check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) <= {"msgspec", "numpy", "p2p_core", "python_calamine", "xlsxwriter"}
