// The Lambda functions: each invocation highlights its function, adds to the metrics and becomes a line of the log.
import { byId, clock, make } from './dom.js';

const MAX_LINES = 100;
const seen = new Set();
const totals = new Map();
const BAD = ['refused', 'throttled', 'send_failed', 'errors'];

// Removes all highlights, for a new sign-in.
export function clearHighlights() {
  document.querySelectorAll('#functions li').forEach((box) => {
    box.className = '';
    box.querySelector('.outcome').textContent = '';
  });
}

export function showInvocation(invocation) {
  if (seen.has(invocation.id)) return;
  seen.add(invocation.id);
  const box = document.querySelector(`#functions [data-function="${CSS.escape(invocation.function)}"]`);
  if (box) highlight(box, invocation);
  invocation.metrics.forEach(count);
  if (invocation.metrics.length) showMetrics();
  log(invocation);
}

function highlight(box, invocation) {
  const names = invocation.metrics.map(({ name }) => name);
  const detail = invocation.lines.map((line) => line.reason ?? line.channel).find(Boolean);
  const done = [names[0] ?? 'done', detail].filter(Boolean).join(', ');
  box.querySelector('.outcome').textContent = `${done} · ${invocation.duration_ms} ms`;
  box.classList.remove('flash');
  box.classList.add('lit');
  box.classList.toggle('bad', names.some((name) => BAD.includes(name)));
  // This read makes the browser restart the animation.
  box.getBoundingClientRect();
  box.classList.add('flash');
}

function count({ name, value, unit, by }) {
  const dimensions = Object.values(by).join(', ');
  const key = `${name} ${dimensions}`;
  // Counts are summed. Of durations the latest is shown.
  const before = unit === 'Count' ? (totals.get(key)?.value ?? 0) : 0;
  totals.set(key, { name, dimensions, unit, value: before + value });
}

function showMetrics() {
  byId('no-metrics').hidden = true;
  byId('metrics').hidden = false;
  const rows = [...totals.values()].map(({ name, dimensions, unit, value }) =>
    make('tr', {}, make('td', { class: 'code' }, name), make('td', {}, dimensions),
      make('td', {}, unit === 'Count' ? `${value}` : `${value} s, the latest`)));
  byId('metrics').querySelector('tbody').replaceChildren(...rows);
}

function log(invocation) {
  byId('no-invocations').hidden = true;
  const list = byId('log');
  list.hidden = false;
  const texts = invocation.lines.map(({ message, level, ...rest }) =>
    [message, ...Object.entries(rest).map(([key, value]) => `${key}=${value}`)].join(' '));
  const about = make('span', { class: 'about' }, `${clock(invocation.ended_at)}  ${invocation.duration_ms} ms  `);
  list.prepend(make('li', {}, about, make('strong', {}, invocation.function), texts.length ? ` ${texts.join('; ')}` : ''));
  if (list.children.length > MAX_LINES) list.lastElementChild.remove();
}
