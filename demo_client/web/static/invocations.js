// What runs: the four functions light up, their metrics add up, and each call is a line.
import { byId, clock, make } from './dom.js';

const MOST = 100;
const seen = new Set();
const totals = new Map();
const BAD = ['refused', 'throttled', 'send_failed', 'errors'];

// A new sign-in: all lights off.
export function dim() {
  document.querySelectorAll('#functions li').forEach((box) => {
    box.className = '';
    box.querySelector('.outcome').textContent = '';
  });
}

export function showInvocation(invocation) {
  if (seen.has(invocation.id)) return;
  seen.add(invocation.id);
  const box = document.querySelector(`#functions [data-function="${CSS.escape(invocation.function)}"]`);
  if (box) light(box, invocation);
  invocation.metrics.forEach(count);
  if (invocation.metrics.length) showMetrics();
  log(invocation);
}

function light(box, invocation) {
  const names = invocation.metrics.map(({ name }) => name);
  const what = invocation.lines.map((line) => line.reason ?? line.channel).find(Boolean);
  const done = [names[0] ?? 'done', what].filter(Boolean).join(', ');
  box.querySelector('.outcome').textContent = `${done} · ${invocation.duration_ms} ms`;
  box.classList.remove('flash');
  box.classList.add('lit');
  box.classList.toggle('bad', names.some((name) => BAD.includes(name)));
  // Read in between, or the browser would not start the animation once more.
  box.getBoundingClientRect();
  box.classList.add('flash');
}

function count({ name, value, unit, by }) {
  const said = Object.values(by).join(', ');
  const key = `${name} ${said}`;
  // Seconds do not add up: the latest is shown.
  const before = unit === 'Count' ? (totals.get(key)?.value ?? 0) : 0;
  totals.set(key, { name, said, unit, value: before + value });
}

function showMetrics() {
  byId('no-metrics').hidden = true;
  byId('metrics').hidden = false;
  const rows = [...totals.values()].map(({ name, said, unit, value }) =>
    make('tr', {}, make('td', { class: 'code' }, name), make('td', {}, said),
      make('td', {}, unit === 'Count' ? `${value}` : `${value} s, the latest`)));
  byId('metrics').querySelector('tbody').replaceChildren(...rows);
}

function log(invocation) {
  byId('no-invocations').hidden = true;
  const list = byId('log');
  list.hidden = false;
  const said = invocation.lines.map(({ message, level, ...rest }) =>
    [message, ...Object.entries(rest).map(([key, value]) => `${key}=${value}`)].join(' '));
  const about = make('span', { class: 'about' }, `${clock(invocation.ended_at)}  ${invocation.duration_ms} ms  `);
  list.prepend(make('li', {}, about, make('strong', {}, invocation.function), said.length ? ` ${said.join('; ')}` : ''));
  if (list.children.length > MOST) list.lastElementChild.remove();
}
