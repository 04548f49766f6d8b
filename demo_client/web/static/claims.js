// What stands in the tokens. The tokens themselves are never shown: whoever has one, is the person.
import { byId, make } from './dom.js';

const TITLES = { id: 'ID token', access: 'Access token' };
const TIMES = ['exp', 'iat', 'auth_time'];

export function showClaims(claims) {
  const parts = Object.entries(claims).flatMap(([kind, said]) => [make('h4', {}, TITLES[kind]), table(said)]);
  byId('claims').replaceChildren(...parts);
}

function table(said) {
  const rows = Object.entries(said).map(([name, value]) =>
    make('tr', {}, make('th', { scope: 'row', class: 'code' }, name), make('td', {}, readable(name, value))));
  return make('table', {}, make('tbody', {}, ...rows));
}

function readable(name, value) {
  if (TIMES.includes(name)) return new Date(value * 1000).toLocaleString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
