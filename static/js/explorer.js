// Starts Swagger UI in every [data-explorer], signed in with the page's own sandbox key.
// A layout of our own leaves out what the page says already (title, server) and what would put a
// second <main> into it.
const Explorer = ({ React }) => ({
  components: {
    ExplorerLayout: ({ getComponent }) => {
      const part = (name, whole = true) => React.createElement(getComponent(name, whole));
      return React.createElement(
        "div",
        { className: "swagger-ui" },
        React.createElement(getComponent("SvgAssets")),
        React.createElement("div", { className: "explorer-bar" }, part("FilterContainer"), part("AuthorizeBtnContainer")),
        part("errors"),
        part("operations"),
      );
    },
  },
});

for (const place of document.querySelectorAll("[data-explorer]")) {
  const ui = SwaggerUIBundle({
    domNode: place,
    url: place.dataset.explorer,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [Explorer],
    layout: "ExplorerLayout",
    deepLinking: false, // A link inside a button is no way to treat a keyboard.
    filter: true,
    docExpansion: "list",
    tryItOutEnabled: true,
    validatorUrl: null,
    syntaxHighlight: { activated: false }, // Its colours are inline styles.
    onComplete: () => signIn(ui, place.dataset.key),
  });
}

function signIn(ui, key) {
  if (!key) return;
  const schemes = ui.specSelectors.securityDefinitions()?.toJS() ?? {};
  for (const [name, scheme] of Object.entries(schemes)) {
    if (scheme.type === "http" || scheme.type === "apiKey") ui.preauthorizeApiKey(name, key);
  }
}

// What Swagger UI leaves unsaid for people who do not see it or use a keyboard.
function complete(place) {
  for (const select of place.querySelectorAll("select:not([aria-label])")) {
    const name = select.closest("tr")?.querySelector(".parameter__name")?.firstChild?.textContent;
    select.setAttribute("aria-label", name ?? "Media type");
  }
  for (const code of place.querySelectorAll(".highlight-code > pre:not([tabindex])")) code.tabIndex = 0;
}

for (const place of document.querySelectorAll("[data-explorer]")) {
  new MutationObserver(() => complete(place)).observe(place, { childList: true, subtree: true });
}
