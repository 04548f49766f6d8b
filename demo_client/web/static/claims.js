// The claims of the tokens. The tokens are never shown, because a token is enough to act as the user.
import { byId, make } from './dom.js';

const TITLES = { id: 'ID token', access: 'Access token' };
const TIMES = ['exp', 'iat', 'auth_time'];

export function showClaims(claims) {
  const parts = Object.entries(claims).flatMap(([kind, values]) => [make('h4', {}, TITLES[kind]), table(values)]);
  byId('claims').replaceChildren(...parts);
}

function table(values) {
  const rows = Object.entries(values).map(([name, value]) =>
    make('tr', {}, make('th', { scope: 'row', class: 'code' }, name), make('td', {}, readable(name, value))));
  return make('table', {}, make('tbody', {}, ...rows));
}

function readable(name, value) {
  if (TIMES.includes(name)) return new Date(value * 1000).toLocaleString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
