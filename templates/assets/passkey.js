// Passkeys: asks the browser what a form says and sends the answer with the form. A form is marked by
//   data-passkey="get" | "create"   what to do with data-options (JSON of WebAuthn Level 3, 5.1.10)
//   data-autofill                   offer passkeys in the autofill of the field with autocomplete="… webauthn", too
// and has the hidden fields `answer` and, with data-copy="ID", copies of what stands in other fields. Elements with
//   data-passkey-button             are shown where there is WebAuthn,
//   data-passkey-missing            where there is none,
//   data-passkey-error="NAMES"      where it fails with one of these names, or "other".

const available = Boolean(window.PublicKeyCredential && navigator.credentials);
let autofill = new AbortController();
let asking = false;

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// By hand, as browsers that know passkeys do not all know the JSON, and some password managers' objects not toJSON.
function decoded(options) {
  const named = (credentials) => credentials?.map((credential) => ({ ...credential, id: bytes(credential.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.allowCredentials && { allowCredentials: named(options.allowCredentials) }),
    ...(options.excludeCredentials && { excludeCredentials: named(options.excludeCredentials) }),
  };
}

function encoded(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function ask(form, how) {
  const publicKey = decoded(JSON.parse(form.dataset.options));
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey, ...how });
  for (const field of form.querySelectorAll("[data-copy]")) {
    field.value = document.getElementById(field.dataset.copy).value;
  }
  form.elements.answer.value = JSON.stringify(encoded(credential));
  form.submit();
}

function tell(name) {
  const messages = [...document.querySelectorAll("[data-passkey-error]")];
  const named = (wanted) => messages.find((message) => message.dataset.passkeyError.split(" ").includes(wanted));
  const told = named(name) ?? named("other");
  for (const message of messages) message.hidden = message !== told;
  told?.focus();
}

async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  autofill = new AbortController();
  try {
    await ask(form, { mediation: "conditional", signal: autofill.signal });
  } catch {
    // Nothing was chosen there: the page is as good without.
  }
}

async function pressed(form) {
  if (asking) return;
  asking = true;
  autofill.abort();
  try {
    await ask(form, {});
  } catch (error) {
    asking = false;
    tell(error.name);
    if ("autofill" in form.dataset) offer(form);
  }
}

for (const element of document.querySelectorAll(available ? "[data-passkey-button]" : "[data-passkey-missing]")) {
  element.hidden = false;
}
for (const form of available ? document.querySelectorAll("form[data-passkey]") : []) {
  form.addEventListener("submit", (event) => {
    // Other buttons of the form, such as the one that cancels, send it as it is.
    if (event.submitter && !("passkeyButton" in event.submitter.dataset)) return;
    event.preventDefault();
    pressed(form);
  });
  if ("autofill" in form.dataset) offer(form);
}
