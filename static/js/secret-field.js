// <secret-field>: hides a secret until it is asked for, so that it is not on every screenshot.
class SecretField extends HTMLElement {
  connectedCallback() {
    this.output = this.querySelector("code");
    this.button = this.querySelector("[data-toggle]");
    this.secret = this.output.textContent;
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.show(this.hasAttribute("data-masked")));
    if (this.hasAttribute("data-masked")) this.show(false);
  }

  show(visible) {
    const head = this.secret.slice(0, this.secret.lastIndexOf("_") + 4);
    const dots = "•".repeat(Math.max(this.secret.length - head.length - 4, 4));
    this.output.textContent = visible ? this.secret : head + dots + this.secret.slice(-4);
    this.toggleAttribute("data-masked", !visible);
    this.button.setAttribute("aria-pressed", String(visible));
    for (const eye of this.button.querySelectorAll("[data-eye]")) {
      eye.hidden = (eye.dataset.eye === "open") === visible;
    }
  }
}

customElements.define("secret-field", SecretField);
