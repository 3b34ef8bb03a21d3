"""The terms of the published numbers, which stand beside them wherever they are read."""

from typing import Final

#: Who publishes them, as citations and SDMX structures name it.
FEDERATION: Final = "Police2Peer Federation"
TITLE: Final = "Police2Peer, the combined European view"
LICENCE_NAME: Final = "CC BY 4.0"
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
RIGHTS: Final = "Anybody who names the source may use the numbers, also for profit."
ROUNDED: Final = (
    "Every number is rounded at random, without bias, and stands beside how many of the expected agencies have "
    "reported. A period is first published when no agency is awaited any more. Countries with small numbers have no "
    "short periods: their numbers are withheld there. A number is empty if it is not known: nobody reported, the "
    "period is not public yet, or the number is withheld. Empty is never zero."
)
#: Pages and files translate these, so the catalogues contain them. The errors are filled in with the rounding base.
PANEL_ERROR: Final = "A number of a panel can be off by less than {base} more for each of its agencies."
ROUNDING_ERROR: Final = (
    "A number is off by less than {base}, and by less than {base} more for each agency that has added or corrected "
    "something since it was first shown. These errors add up. So do not add up days, countries or networks: read the "
    "published week, month, year or total."
)
INCOMPARABLE: Final = "A break: numbers before and after it are not comparable."
INVENTED: Final = "This is a demonstration: its agencies are made up, and so is every number."
