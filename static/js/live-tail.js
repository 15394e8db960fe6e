// <live-tail data-target="id">: while its box is ticked, renews that part of the page.
const EVERY = 2000; // milliseconds

class LiveTail extends HTMLElement {
  connectedCallback() {
    this.box = this.querySelector("input");
    this.timer = setInterval(() => this.renew(), EVERY);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async renew() {
    const target = document.getElementById(this.dataset.target);
    const busy = target.contains(document.activeElement) || target.querySelector("[data-done]");
    if (!this.box.checked || document.hidden || busy) return;
    await window.htmx.ajax("GET", location.pathname + location.search, { target, swap: "outerHTML" });
  }
}

customElements.define("live-tail", LiveTail);
