// Asks the browser for passkeys, where a page says so. There is nothing secret in here, and nothing that differs between people.
"use strict";
(() => {
  const place = document.getElementById("passkey");
  const signal = document.getElementById("passkey-signal");
  const known = window.PublicKeyCredential && navigator.credentials;
  if (!known) return;

  const bytes = (text) => {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, (c) => c.charCodeAt(0));
  };
  const text = (buffer) => {
    let binary = "";
    for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
    return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const descriptors = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  // The options as the browser wants them, and its answer as the host wants it: browsers of before 2025 do neither by themselves.
  const opened = (options) => {
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    if (options.user) publicKey.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) publicKey.excludeCredentials = descriptors(options.excludeCredentials);
    if (options.allowCredentials) publicKey.allowCredentials = descriptors(options.allowCredentials);
    return publicKey;
  };
  const written = (credential) => {
    const { response } = credential;
    const told = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) {
      told.attestationObject = text(response.attestationObject);
      told.transports = response.getTransports ? response.getTransports() : [];
    } else {
      told.authenticatorData = text(response.authenticatorData);
      told.signature = text(response.signature);
      told.userHandle = response.userHandle ? text(response.userHandle) : null;
    }
    return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: told };
  };

  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    let told = {};
    try { told = await answer.json(); } catch { /* A page of somebody in between. */ }
    if (!answer.ok && told.location) location.assign(told.location);
    if (!answer.ok) throw Object.assign(new Error(told.message || ""), { told });
    return told;
  };

  // Tells authenticators what is still good, where the browser can.
  const tell = async (method, told) => {
    try {
      if (PublicKeyCredential[method]) await PublicKeyCredential[method](told);
    } catch { /* It is a hint, and nobody waits for it. */ }
  };
  if (signal) {
    const { rpId, userId, name, credentials } = signal.dataset;
    tell("signalAllAcceptedCredentials", {
      rpId, userId, allAcceptedCredentialIds: credentials.split(" ").filter((id) => id),
    });
    tell("signalCurrentUserDetails", { rpId, userId, name, displayName: name });
  }

  if (!place) return;
  const button = document.getElementById("passkey-submit");
  const message = document.getElementById("passkey-message");
  const { path, kind, returnTo } = place.dataset;
  const creates = kind === "create";
  place.hidden = false;

  // Boxes that stand on the page for every way that it offers.
  const ticked = (id) => {
    const box = document.getElementById(id);
    return Boolean(box && box.checked);
  };

  const say = (words) => { if (message) message.textContent = words; };
  const ceremony = async (more) => {
    const challenge = await post(`${path}/options`, {});
    const options = { ...more, publicKey: opened(challenge.publicKey) };
    const credential = creates
      ? await navigator.credentials.create(options)
      : await navigator.credentials.get(options);
    const field = document.getElementById("passkey-name");
    try {
      const { location: next } = await post(path, {
        ceremony: challenge.ceremony,
        credential: written(credential),
        return_to: returnTo,
        name: field ? field.value : undefined,
        remember: ticked("remember"),
        trust: ticked("trust"),
      });
      location.assign(next);
    } catch (error) {
      if (error.told && error.told.unknown) {
        tell("signalUnknownCredential", { rpId: challenge.publicKey.rpId, credentialId: credential.id });
      }
      throw error;
    }
  };

  let waiting = null;
  // Offers passkeys in the field of the address. A challenge is good for five minutes, so a new one takes its place before.
  const offer = async () => {
    const can = PublicKeyCredential.isConditionalMediationAvailable;
    if (creates || kind !== "sign-in" || !can || !(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    const own = new AbortController();
    waiting = own;
    const stale = setTimeout(() => { own.abort(); offer(); }, 4 * 60 * 1000);
    try {
      await ceremony({ mediation: "conditional", signal: own.signal });
    } catch (error) {
      if (waiting === own && error.told) say(error.message);
    } finally {
      clearTimeout(stale);
    }
  };

  button.addEventListener("click", async () => {
    if (waiting) waiting.abort();
    waiting = null;
    say("");
    button.disabled = true;
    try {
      await ceremony({});
    } catch (error) {
      const mine = { InvalidStateError: "This device has a passkey for you already.", NotAllowedError: "" };
      say(error.told ? error.message : mine[error.name] ?? "That did not work. Please try another way.");
      offer();
    } finally {
      button.disabled = false;
    }
  });
  offer();
})();
