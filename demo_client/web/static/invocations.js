// What runs: the four functions light up, their metrics add up, and each call is a line.
import { byId, clock, make } from './dom.js';

const MOST = 100;
const seen = new Set();
const totals = new Map();
const BAD = ['refused', 'throttled', 'send_failed', 'errors'];

// A new sign-in: all lights off.
export function dim() {
  document.querySelectorAll('#doors li').forEach((door) => {
    door.className = '';
    door.querySelector('.outcome').textContent = '';
  });
}

export function showStep(step) {
  if (seen.has(step.id)) return;
  seen.add(step.id);
  const door = document.querySelector(`#doors [data-door="${CSS.escape(step.door)}"]`);
  if (door) light(door, step);
  step.metrics.forEach(count);
  if (step.metrics.length) showMetrics();
  log(step);
}

function light(door, step) {
  const names = step.metrics.map(({ name }) => name);
  const what = step.lines.map((line) => line.reason ?? line.channel).find(Boolean);
  const done = [names[0] ?? 'done', what].filter(Boolean).join(', ');
  door.querySelector('.outcome').textContent = `${done} · ${step.took} ms`;
  door.classList.remove('flash');
  door.classList.add('lit');
  door.classList.toggle('bad', names.some((name) => BAD.includes(name)));
  // Read in between, or the browser would not start the animation once more.
  door.getBoundingClientRect();
  door.classList.add('flash');
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

function log(step) {
  byId('no-steps').hidden = true;
  const list = byId('log');
  list.hidden = false;
  const said = step.lines.map(({ message, level, ...rest }) =>
    [message, ...Object.entries(rest).map(([key, value]) => `${key}=${value}`)].join(' '));
  const about = make('span', { class: 'about' }, `${clock(step.at)}  ${step.took} ms  `);
  list.prepend(make('li', {}, about, make('strong', {}, step.door), said.length ? ` ${said.join('; ')}` : ''));
  if (list.children.length > MOST) list.lastElementChild.remove();
}
