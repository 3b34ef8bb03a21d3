/** The data that the page gives the map: README.md lists them. */

/** The addresses of the API, of the files and of the pages that the map uses. */
export function addressesOf({ api, europe, world, zoom, live, countryPage }) {
  return {
    aggregates: `${api}aggregates/`,
    windows: `${api}aggregates/windows/`,
    live: `${api}aggregates/live/`,
    europe,
    world,
    zoom,
    liveScript: live,
    countryPage,
  };
}

/** @returns the content of an element in which the page has data */
export function dataOf(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}");
}

/** The names of countries in the table, which the map uses too. */
export function namesOnPage() {
  const rows = /** @type {NodeListOf<HTMLTableRowElement>} */ (document.querySelectorAll("tr[data-country]"));
  return new Map([...rows].map((row) => [row.dataset.country ?? "", row.cells[0].textContent.trim()]));
}
