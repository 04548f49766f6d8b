// Makes the pages easier to use. The pages work without this script, and the server checks every rule itself.
"use strict";

const status = document.getElementById("status");
const code = document.getElementById("code");
const wait = document.getElementById("wait");
const stillWaiting = new AbortController();

// Screen readers read the status line when it changes.
const announce = (text) => {
  status.textContent = text;
};

// A second submission is harmless, but the user should see the response to the first one.
const release = (form) => {
  delete form.dataset.sent;
  form.querySelector("button:not([type])").removeAttribute("aria-disabled");
  announce("");
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = form.querySelector("button:not([type])");
  if (form.dataset.sent || button.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    announce(form.dataset.sent ? status.dataset.busy : wait.textContent);
    return;
  }
  stillWaiting.abort();
  form.dataset.sent = "yes";
  button.setAttribute("aria-disabled", "true");
  announce(status.dataset.busy);
  setTimeout(() => release(form), 10000); // no response came, or the user stopped the request
});

// After "back", the browser may show this page in the state in which the user left it.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    document.querySelectorAll("form[data-sent]").forEach(release);
  }
});

for (const button of document.querySelectorAll("[data-reveals]")) {
  const field = document.getElementById(button.dataset.reveals);
  button.hidden = false;
  button.addEventListener("click", () => {
    const isHidden = field.type === "password";
    field.type = isHidden ? "text" : "password";
    button.setAttribute("aria-pressed", String(isHidden));
  });
  // A password manager saves only fields of the type password, and a visible password should not stay on the screen.
  field.form.addEventListener("submit", () => {
    field.type = "password";
    button.setAttribute("aria-pressed", "false");
  });
}

// Unicode has the digits of each script in order, from zero to nine.
const valueOf = (digit) => {
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(digit.codePointAt(0) - before - 1))) {
    before += 1;
  }
  return before % 10;
};

if (code) {
  const answer = new RegExp(`^(?:${code.pattern})$`, "u");
  const number = new RegExp(`\\p{Nd}(?:${code.dataset.ignored}*\\p{Nd})*`, "gu");
  // The user may paste the whole message. Use the code in it: the one line or the one number that can be a code.
  code.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    const lines = text.split("\n");
    for (const parts of [[text], lines, lines.flatMap((line) => line.match(number) || [])]) {
      const codes = new Set(
        parts.filter((part) => answer.test(part)).map((part) => part.match(/\p{Nd}/gu).map(valueOf).join("")),
      );
      if (codes.size === 1) {
        event.preventDefault();
        code.value = [...codes][0];
        return;
      }
    }
  });
  if (code.dataset.channel === "sms" && "OTPCredential" in window) {
    navigator.credentials
      .get({ otp: { transport: ["sms"] }, signal: stillWaiting.signal })
      .then((message) => {
        code.value = message.code;
        code.form.requestSubmit();
      })
      .catch(() => {}); // declined, timed out or aborted: the user types the code
  }
}

if (wait && Number(wait.dataset.seconds) > 0) {
  const buttons = document.querySelectorAll("button.send");
  const durations = JSON.parse(wait.dataset.durations);
  const plurals = new Intl.PluralRules(document.documentElement.lang);
  // The same rule as on the server: seconds below a minute, else minutes, rounded up.
  const duration = (seconds) => {
    const [unit, number] = seconds < 60 ? ["seconds", seconds] : ["minutes", Math.ceil(seconds / 60)];
    return (durations[unit][plurals.select(number)] ?? durations[unit].other).replace("{number}", number);
  };
  // Compare clock times: timers stop while the phone sleeps.
  const end = Date.now() + Number(wait.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      wait.textContent = wait.dataset.wait.replace("{duration}", duration(left));
      setTimeout(tick, 1000);
      return;
    }
    wait.textContent = "";
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
    announce(wait.dataset.ready);
  };
  // Unlike disabled buttons, these keep the focus and stay reachable. The submit listener blocks them.
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  tick();
}
