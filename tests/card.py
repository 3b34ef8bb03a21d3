"""The picture of the pages' cards, which other sites show beside a link: a map without numbers, and the name."""

import json
from io import BytesIO
from itertools import accumulate
from typing import Any, Final

from PIL import Image

from p2p_core.codes import GROUP_MEMBERS
from tests.integration import processes

FILE: Final = processes.ROOT / "api/site/static/site/card.png"
_BUILT: Final = processes.ROOT / "api/site/static/site/built"
SIZE: Final = {"width": 1200, "height": 630}
_PAGE: Final = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; width: 1200px; height: 630px; overflow: hidden; background: #0f141b; color: #fff; position: relative;
  font-family: system-ui, "Noto Sans", "Liberation Sans", sans-serif; }}
svg {{ position: absolute; right: -60px; top: -40px; height: 710px; }}
path {{ fill: #2b64a8; stroke: #0f141b; stroke-width: 14; }}
.other {{ fill: #1d2733; }}
div {{ position: absolute; left: 64px; bottom: 64px; width: 560px; }}
h1 {{ font-size: 84px; line-height: 1.1; margin: 0 0 20px; letter-spacing: -0.02em; }}
p {{ font-size: 34px; line-height: 1.35; margin: 0; color: #d7e3f2; }}
</style><svg viewBox="0 0 {width} {height}">{shapes}</svg>
<div><h1>Police2Peer</h1><p>What police in Europe count in a prevention campaign, and where to find help.</p></div>"""


def draw(browser: Any) -> None:
    """Store the picture, with few colours, so that it is small. Its map is the one that the pages show."""
    page = browser.new_page(viewport=SIZE)
    page.set_content(_page())
    Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(32).save(FILE, optimize=True)
    page.close()


def _page() -> str:
    drawn = json.loads((_BUILT / json.loads((_BUILT / "files.json").read_text())["europe.json"]).read_text())
    arcs = [_points(arc) for arc in drawn["arcs"]]
    shapes = [
        f'<path class="{"" if one["code"] in GROUP_MEMBERS["EUROPE"] else "other"}" '
        f'd="{"".join(_ring(ring, arcs) for ring in one["rings"])}"/>'
        for one in drawn["countries"]
    ]
    width, height = drawn["box"]
    return _PAGE.format(width=width, height=height, shapes="".join(shapes))


def _points(arc: list[int]) -> list[tuple[int, int]]:
    """The points of an arc, which is written as its first point and the steps from point to point."""
    return list(zip(accumulate(arc[::2]), accumulate(arc[1::2]), strict=True))


def _ring(ring: list[int], arcs: list[list[tuple[int, int]]]) -> str:
    """The outline of arcs one after the other. As in TopoJSON, ~n is arc n backwards."""
    points = [point for at in ring for point in (arcs[at] if at >= 0 else arcs[~at][::-1])]
    return f"M{'L'.join(f'{x} {y}' for x, y in points)}Z"
