// What makes the pages better. They work without it, and every rule is the server's.
"use strict";

const said = document.getElementById("said");
const code = document.getElementById("code");
const wait = document.getElementById("wait");
const stillWaiting = new AbortController();

const say = (sentence) => {
  said.textContent = sentence;
};

// A second submission is harmless, but the first answer is what the person should see.
const release = (form) => {
  delete form.dataset.sent;
  form.querySelector("button:not([type])").removeAttribute("aria-disabled");
  say("");
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = form.querySelector("button:not([type])");
  if (form.dataset.sent || button.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    say(form.dataset.sent ? said.dataset.busy : wait.textContent);
    return;
  }
  stillWaiting.abort();
  form.dataset.sent = "yes";
  button.setAttribute("aria-disabled", "true");
  say(said.dataset.busy);
  setTimeout(() => release(form), 10000); // no answer came, or the person stopped it
});

// Back from the next page: the browser may show this one as it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    document.querySelectorAll("form[data-sent]").forEach(release);
  }
});

for (const button of document.querySelectorAll("[data-reveals]")) {
  const field = document.getElementById(button.dataset.reveals);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
  // A password manager saves what is of the type password, and a shown one should not stay on the screen.
  field.form.addEventListener("submit", () => {
    field.type = "password";
    button.setAttribute("aria-pressed", "false");
  });
}

// Keyboards for Arabic and Persian write digits of their own, which the server does not read.
const plainDigits = (text) =>
  text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15));

if (code) {
  const digits = Number(code.dataset.digits);
  code.addEventListener("input", () => {
    const plain = plainDigits(code.value);
    if (plain !== code.value) {
      code.value = plain;
    }
  });
  // The whole message was copied: take the code out of it, if there is one of that length only.
  code.addEventListener("paste", (event) => {
    const text = plainDigits(event.clipboardData.getData("text"));
    const runs = text.match(/\d(?:[\s\-]?\d)*/g) || [];
    const found = new Set(runs.map((run) => run.replace(/\D/g, "")).filter((run) => run.length === digits));
    if (found.size === 1) {
      event.preventDefault();
      code.value = [...found][0];
    }
  });
  if (code.dataset.channel === "sms" && "OTPCredential" in window) {
    navigator.credentials
      .get({ otp: { transport: ["sms"] }, signal: stillWaiting.signal })
      .then((message) => {
        code.value = message.code;
        code.form.requestSubmit();
      })
      .catch(() => {}); // declined, timed out or aborted: the person types
  }
}

if (wait && Number(wait.dataset.seconds) > 0) {
  const buttons = document.querySelectorAll("button.send");
  // Not a count of ticks, which stop while the phone sleeps.
  const end = Date.now() + Number(wait.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      wait.textContent = wait.dataset.wait.replace("{seconds}", left);
      setTimeout(tick, 1000);
      return;
    }
    wait.textContent = "";
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
    say(wait.dataset.ready);
  };
  // They keep the focus and can be found, unlike disabled ones; the submit listener stops them.
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  tick();
}
