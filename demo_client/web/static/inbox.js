// The inbox. Text is shown as text. The HTML of an email is shown in a frame that can run no script and load nothing.
import { button, byId, clock, make } from './dom.js';
import { NAMES, TITLES } from './texts.js';

const MAX_MESSAGES = 20;
const seen = new Set();

// Shows a message above the earlier ones. `typeCode` enters a code into the app.
export function showMessage(message, typeCode) {
  if (seen.has(message.id)) return;
  seen.add(message.id);
  byId('no-messages').hidden = true;
  const list = byId('messages');
  list.prepend(item(message, typeCode));
  if (list.children.length > MAX_MESSAGES) list.lastElementChild.remove();
  announce(`${TITLES[message.channel]} to ${message.to} at ${clock(message.sentAt)}`);
}

const announce = (text) => { byId('arrived').textContent = text; };

function item(message, typeCode) {
  const title = make('h3', { dir: 'auto', id: `title-${message.id}` }, message.subject || `${TITLES[message.channel]} to ${message.to}`);
  const parts = [title, fields(message), ...codeParts(message, typeCode), ...contents(message)];
  const article = make('article', { 'aria-labelledby': title.id }, ...parts);
  return make('li', { class: message.channel, 'data-to': message.to }, article);
}

// The fields of a message that a mail program shows, and its other headers.
function fields({ channel, sender, to, sentAt, headers }) {
  const sent = `${clock(sentAt)}, by ${NAMES[channel]}`;
  const rows = [['From', sender], ['To', to], ['Sent', sent], ...headers].filter(([, value]) => value);
  const pairs = rows.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', { dir: 'auto' }, value)));
  return make('dl', { class: 'fields' }, ...pairs);
}

// The code, large. A selection of the groups has no spaces, because the space between them is only in the style.
function codeParts({ id, code }, typeCode) {
  if (!code) return [];
  const isCode = /^\d+$/.test(code);
  const groups = code.length > 10 && isCode ? code.match(/\d{1,4}/g) : [code];
  const shown = make('p', { class: 'secret', id: `code-${id}`, dir: 'ltr' }, ...groups.map((group) => make('span', {}, group)));
  const tools = make('div', { class: 'row' }, copyButton(isCode ? 'Copy code' : 'Copy password', code, shown));
  if (isCode) tools.append(described(button('Enter this code', () => typeCode(code)), shown));
  return [make('div', { class: 'code-box' }, shown, tools)];
}

function copyButton(text, code, shown) {
  const copy = button(text, async () => {
    try {
      await navigator.clipboard.writeText(code);
      announce(`Copied ${code}.`);
      copy.textContent = 'Copied';
    } catch {
      // The browser does not allow the page to write to the clipboard.
      getSelection().selectAllChildren(shown);
      announce('The code is selected. Copy it with the keyboard.');
      copy.textContent = 'Selected: press Ctrl+C';
    }
    setTimeout(() => { copy.textContent = text; }, 4000);
  });
  copy.classList.add('copy');
  return described(copy, shown);
}

function described(element, by) {
  element.setAttribute('aria-describedby', by.id);
  return element;
}

function contents({ id, channel, to, text, html }) {
  if (!html) return [make('p', { class: channel === 'email' ? 'text' : 'text bubble', dir: 'auto' }, text.trim())];
  const frame = make('iframe', { sandbox: '', loading: 'lazy', src: `/mail/${id}`, title: `The email to ${to}` });
  return [frame, folded('Text part', 'text', text.trim()), folded('HTML source', 'source', html)];
}

const folded = (title, kind, text) =>
  make('details', {}, make('summary', {}, title), make('p', { class: kind, dir: kind === 'text' ? 'auto' : 'ltr' }, text));
