// The few things that every part does with the document. Whatever comes from outside gets in as text.

export const byId = (id) => document.getElementById(id);

export function say(id, text, bad = false) {
  const place = byId(id);
  place.textContent = text;
  place.classList.toggle('bad', bad);
}

// A new element with its text, or its children.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...children);
  return element;
}

export function button(text, onClick) {
  const made = make('button', { type: 'button' }, text);
  made.addEventListener('click', onClick);
  return made;
}

export const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });
