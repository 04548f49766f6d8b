// The inbox. Text is shown as text. The HTML of an email is shown in a frame that can run no script and load nothing.
import { button, byId, clock, make } from './dom.js';

const MAX_MESSAGES = 20;
const NAMES = { email: 'Email', sms: 'SMS' };
const seen = new Set();

// The code in a message: from the origin-bound line of an SMS, else the number of 6 to 10 digits, or of 20 in groups.
const codeIn = (text) => text.match(/#(\d{6,20})\s*$/)?.[1] ?? text.match(/(?<![\d#])(\d{4}( \d{4}){4}|\d{6,10})(?!\d)/)?.[0];

export function showMessage(message, typeCode) {
  if (seen.has(message.id)) return;
  seen.add(message.id);
  byId('no-messages').hidden = true;
  const list = byId('messages');
  list.prepend(item(message, typeCode));
  if (list.children.length > MAX_MESSAGES) list.lastElementChild.remove();
  byId('arrived').textContent = `${NAMES[message.channel]} to ${message.to} at ${clock(message.sentAt)}`;
}

function item(message, typeCode) {
  const about = `${NAMES[message.channel]} to ${message.to}, ${clock(message.sentAt)}`;
  const element = make('li', { class: message.channel, 'data-to': message.to }, make('p', { class: 'about' }, about));
  if (message.subject) element.append(make('h3', { dir: 'auto' }, message.subject));
  element.append(make('p', { class: 'text', dir: 'auto' }, message.text.trim()));
  const tools = make('div', { class: 'row' });
  const code = codeIn(message.text);
  if (code) tools.append(button('Enter this code', () => typeCode(code)));
  if (message.html) tools.append(button('Show as HTML', ({ target }) => open(element, target, message)));
  element.append(tools);
  return element;
}

function open(element, opener, { id, to }) {
  opener.remove();
  element.querySelector('.text').hidden = true;
  const frame = make('iframe', { sandbox: '', src: `/mail/${id}`, title: `The email to ${to}` });
  element.querySelector('.row').before(frame);
}
