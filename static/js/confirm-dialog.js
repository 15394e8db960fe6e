// <confirm-dialog>: asks once before a form marked with data-confirm is sent, by htmx or not.
// Without this script such a form leads to a page that asks (see the forms' own action).
class ConfirmDialog extends HTMLElement {
  connectedCallback() {
    document.addEventListener("submit", (event) => this.intercept(event), true);
    document.addEventListener("htmx:confirm", (event) => this.askForHtmx(event));
  }

  intercept(event) {
    const question = event.target.dataset?.confirm;
    if (!question || event.target.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.ask(question, event.target.dataset, () => {
      event.target.dataset.confirmed = "yes";
      event.target.requestSubmit(event.submitter);
      delete event.target.dataset.confirmed;
    });
  }

  askForHtmx(event) {
    if (!event.detail.question) return;
    event.preventDefault();
    this.ask(event.detail.question, event.detail.elt.dataset, () => event.detail.issueRequest(true));
  }

  ask(question, words, onYes) {
    const dialog = document.createElement("dialog");
    dialog.className = "confirm";
    const title = make("h2", "text-base font-semibold", words.confirmTitle ?? this.dataset.title);
    title.id = "confirm-title";
    dialog.setAttribute("aria-labelledby", title.id);
    const form = make("form", "mt-5 flex justify-end gap-2");
    form.method = "dialog";
    const no = make("button", "btn btn-sm btn-line", this.dataset.cancel);
    const yes = make("button", "btn btn-sm btn-error", words.confirmYes ?? this.dataset.confirm);
    yes.value = "yes";
    form.append(no, yes);
    dialog.append(title, make("p", "mt-2 muted", question), form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue === "yes") onYes();
    });
    this.append(dialog);
    dialog.showModal();
  }
}

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

customElements.define("confirm-dialog", ConfirmDialog);
