// <passkey-form data-act="create|get">: lets the browser make or use a passkey, then sends the form.
// What the browser needs stands in data-options; when signing in it is fetched from data-from.
class PasskeyForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.said = this.querySelector("[role=alert]");
    if (!window.PublicKeyCredential) {
      this.say(this.dataset.missing);
      return;
    }
    this.querySelector("button").disabled = false;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run().catch((error) => this.fail(error));
    });
  }

  async run() {
    this.say("");
    const { publicKey } = await this.options();
    const found =
      this.dataset.act === "create"
        ? await navigator.credentials.create({ publicKey: this.chosen(created(publicKey)) })
        : await navigator.credentials.get({ publicKey: used(publicKey) });
    this.form.elements.credential.value = JSON.stringify(written(found));
    this.form.submit();
  }

  async options() {
    if (this.dataset.options) return JSON.parse(this.dataset.options);
    const answer = await fetch(this.dataset.from, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return (await answer.json()).request_options;
  }

  // A passkey that signs in alone must be found without a name, and know its person.
  chosen(options) {
    const alone = this.form.elements.passwordless?.checked ?? false;
    const wanted = options.authenticatorSelection ?? {};
    wanted.residentKey = alone ? "required" : "discouraged";
    wanted.requireResidentKey = alone;
    if (alone) wanted.userVerification = "required";
    return { ...options, authenticatorSelection: wanted };
  }

  fail(error) {
    this.say(error.name === "InvalidStateError" ? this.dataset.known : this.dataset.failed);
  }

  say(words) {
    this.said.textContent = words;
    this.said.hidden = !words;
  }
}

function created(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: listed(options.excludeCredentials),
  };
}

function used(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: listed(options.allowCredentials),
  };
}

function listed(credentials) {
  return (credentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

function written(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const said = {};
  for (const part of parts) if (response[part]) said[part] = text(response[part]);
  if (response.getTransports) said.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: said,
  };
}

function bytes(words) {
  const plain = atob(words.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

customElements.define("passkey-form", PasskeyForm);
