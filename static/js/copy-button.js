// <copy-button data-text="…">: copies, and tells sighted and unsighted people that it did.
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => this.copy());
  }

  async copy() {
    const source = this.dataset.from ? document.getElementById(this.dataset.from) : null;
    await write(source ? source.textContent.trim() : this.dataset.text);
    this.toggleAttribute("data-done", true);
    this.querySelector("[role=status]").textContent = this.dataset.doneText;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reset(), 2000);
  }

  reset() {
    this.removeAttribute("data-done");
    this.querySelector("[role=status]").textContent = "";
  }
}

// The clipboard API needs a secure context; a portal on plain http in a test network has none.
async function write(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

customElements.define("copy-button", CopyButton);
