"""What each screen of the desk must be: readable, light and dark, no wider than its window, and usable by keyboard."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.stack import desk
from tests.stack.test_pages import AXE

WIDTHS = (1440, 768)
#: The only rules that the colours matter for.
_OF_COLOURS = ("color-contrast", "link-in-text-block")
#: Django puts a name on the pictures above the lists of permissions, which only superusers see. What would be loaded
#: before is only for the rule about locked orientations.
_RUN = """rules => axe.run({exclude: [['.search-label-icon']]}, {
    resultTypes: ['violations'], preload: false, ...(rules && {runOnly: {type: 'rule', values: rules}}),
})"""
#: Django's calendar and the lists of select2 are put at the end of the page when they open, outside its regions.
_APART = ("calendarbox", "select2-container--open")
#: Rows of a table are alike, and axe takes long for each.
_SHORTEN = "() => document.querySelectorAll('tbody tr:nth-child(n+12)').forEach(row => row.remove())"
#: Opens each menu of a filter and each other part that is folded, at the same time.
_UNFOLD = """() => {
    for (const part of document.querySelectorAll('details')) {
        part.removeAttribute('name');
        part.open = true;
    }
}"""
#: Parts that are wider than their place, and so scroll sideways or are cut off. A picture on a button has a long name.
_WIDE = """() => [...document.querySelectorAll('#container *')].filter(part => part.checkVisibility()
    && part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== 'visible'
    && !part.matches('select, input, textarea, button, svg') && !part.closest('.visually-hidden, [aria-hidden=true]')
).map(part => 'wider than its place: ' + part.outerHTML.slice(0, 90))"""
#: What people can click, but not reach with the keyboard, or not without losing sight of where they are.
_UNREACHABLE = """() => {
    const CONTROLS = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=combobox]';
    const found = [], say = (what, part) => found.push(what + ': ' + part.outerHTML.slice(0, 90));
    const usable = part => part.checkVisibility({visibilityProperty: true}) && !part.disabled
        && !part.closest('[aria-hidden=true]');
    const look = part => {
        const style = getComputedStyle(part);
        return [style.outline, style.boxShadow, style.borderColor].join();
    };
    document.activeElement.blur();
    for (const part of document.querySelectorAll('body *'))
        if (getComputedStyle(part).cursor === 'pointer' && usable(part)
            && !part.closest(`${CONTROLS}, label, .select2`)) say('clicked, but no control', part);
    for (const part of document.querySelectorAll(CONTROLS)) {
        // Of a field for several choices, its inner field takes the focus.
        if (!usable(part) || part.querySelector('.select2-search__field')) continue;
        const before = look(part);
        part.focus({preventScroll: true});
        if (part.tabIndex !== 0 || document.activeElement !== part) say('not reached by Tab', part);
        else if (look(part) === before) say('shows no focus', part);
        document.activeElement.blur();
    }
    return found;
}"""


def faults_of(page: Any, widths: Sequence[int] = WIDTHS) -> list[str]:
    """What is wrong with the page that is open. It must be a screen of the desk."""
    found: dict[str, list[str]] = {}

    def note(where: str, faults: list[str]) -> None:
        for fault in faults:
            found.setdefault(fault, []).append(where)

    # Django fades colours, and the contrast on the way from one scheme to the other says nothing.
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(AXE.read_text())
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        note(f"{width}", desk.faults(page) + page.evaluate(_WIDE))
    page.evaluate(_SHORTEN)
    # What is unfolded may cover other parts, so axe looks at the first width before.
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, rules in (("light", None), ("dark", _OF_COLOURS)):
            page.emulate_media(color_scheme=scheme)
            note(f"{width} {scheme}", axe_of(page, rules))
        page.evaluate(_UNFOLD)
        note(f"{width} unfolded", desk.faults(page) + page.evaluate(_WIDE))
    page.keyboard.press("Tab")  # so that the browser shows where the focus is
    note("keyboard", page.evaluate(_UNREACHABLE))
    return [f"{fault} ({', '.join(where)})" for fault, where in found.items()]


def axe_of(page: Any, rules: Sequence[str] | None) -> list[str]:
    violations = page.evaluate(_RUN, rules)["violations"]
    return [
        f"{one['id']}: {' '.join(node['html'].split())[:120]}"
        for one in violations
        for node in one["nodes"]
        if not (one["id"] == "region" and any(name in node["html"] for name in _APART))
    ]


def listed(found: Mapping[str, Sequence[str]]) -> str:
    """The faults of several pages, a line for each, because pytest cuts long comparisons short."""
    return "\n".join(f"{page}: {fault}" for page, faults in found.items() for fault in faults)
