// Helpers for the document. External content is inserted as text only.

export const byId = (id) => document.getElementById(id);

export function showText(id, text, bad = false) {
  const element = byId(id);
  element.textContent = text;
  element.classList.toggle('bad', bad);
}

// A new element with its text, or its children.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...children);
  return element;
}

export function button(text, onClick) {
  const element = make('button', { type: 'button' }, text);
  element.addEventListener('click', onClick);
  return element;
}

export const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });
