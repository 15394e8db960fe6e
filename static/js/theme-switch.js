// <theme-switch>: follows the click at once; the form behind it keeps the choice in a cookie.
class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => this.change(event));
  }

  async change(event) {
    event.preventDefault();
    const data = new FormData(event.target, event.submitter);
    const theme = data.get("theme");
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("theme"));
    const answer = await fetch(event.target.action, {
      method: "POST",
      body: data,
      headers: { "HX-Request": "true" },
    });
    if (answer.ok) this.innerHTML = await answer.text();
  }
}

customElements.define("theme-switch", ThemeSwitch);
