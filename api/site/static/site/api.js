/* Starts the viewer of the API: in the colours of the reader's system, and with "Try it out" where an example can run. */

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

/* Operations of agencies need a credential. The button "Authorize" gets a token, so the address of tokens is not tried. */
function tries(state, path, method) {
  const operation = state.getIn(["json", "paths", path, method]);
  const open = operation && operation.get("tags").includes("public");
  return open || (path !== "/oauth/token/" && ui.authSelectors.authorized().size > 0);
}

/* The viewer gives some of its parts no name, and no way in for a keyboard. */
const REPAIRS = {
  "[data-param-name] :is(input, select, textarea)": (field) => field.setAttribute("aria-label", field.closest("[data-param-name]").dataset.paramName),
  ".examples-select-element": (list) => list.setAttribute("aria-label", "Example"),
  ".microlight, .table-container": (part) => part.setAttribute("tabindex", "0"),
  ".close-modal": (button) => button.setAttribute("aria-label", "Close"),
  ".scopes h2": (heading) => heading.setAttribute("aria-level", "5"),
  // A name begins with the word that is seen.
  ".modal-btn[aria-label]": (button) => {
    const [word, name] = [button.textContent.trim(), button.getAttribute("aria-label")];
    if (!name.startsWith(word)) button.setAttribute("aria-label", `${word}: ${name}`);
  },
};
function repair() {
  for (const [parts, change] of Object.entries(REPAIRS)) document.querySelectorAll(`.swagger-ui :is(${parts})`).forEach(change);
}

const viewer = document.getElementById("viewer");
const ui = SwaggerUIBundle({
  domNode: viewer,
  url: viewer.dataset.document,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  defaultModelsExpandDepth: -1,
  syntaxHighlight: false,
  // The page has one main part already.
  onComplete: () => viewer.querySelector("main")?.setAttribute("role", "group"),
  plugins: [{ statePlugins: { spec: { wrapSelectors: { allowTryItOutFor: () => tries } } } }],
});
new MutationObserver(repair).observe(viewer, { childList: true, subtree: true });
// What an agency may do is chosen already when it authorizes.
ui.initOAuth({ scopes: viewer.dataset.scopes });
