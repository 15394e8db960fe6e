// <code-tabs>: one sample in several languages. The choice is remembered and shared by all tabs.
// Without this script every language is shown, one below the other.
const KEY = "language";

class CodeTabs extends HTMLElement {
  connectedCallback() {
    this.tabs = [...this.querySelectorAll("[role=tab]")];
    this.tabs.forEach((tab) => {
      tab.addEventListener("click", () => this.choose(tab.dataset.name, true));
      tab.addEventListener("keydown", (event) => this.move(event));
    });
    this.listen = (event) => this.choose(event.detail, false);
    document.addEventListener("language", this.listen);
    this.choose(localStorage.getItem(KEY) ?? this.tabs[0].dataset.name, false);
  }

  disconnectedCallback() {
    document.removeEventListener("language", this.listen);
  }

  choose(name, remember) {
    const chosen = this.tabs.find((tab) => tab.dataset.name === name) ?? this.tabs[0];
    for (const tab of this.tabs) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
    }
    if (remember) {
      localStorage.setItem(KEY, name);
      document.dispatchEvent(new CustomEvent("language", { detail: name }));
    }
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = this.tabs.indexOf(event.currentTarget);
    const next = this.tabs[(at + step + this.tabs.length) % this.tabs.length];
    next.focus();
    this.choose(next.dataset.name, true);
  }
}

customElements.define("code-tabs", CodeTabs);
