// Starts the page: reads the facts about the stack, and connects the three parts with the events.
import { app } from './sign-in-panel.js';
import { byId, say } from './dom.js';
import { isLeaving, leave, leftAt } from './hosted.js';
import { showMessage } from './inbox.js';
import { dim, showInvocation } from './invocations.js';

const GONE = 'The local AWS has stopped. Start it again with “make demo”, and reload this page.';

function listen(code) {
  const since = leftAt();
  const events = new EventSource(since ? `/events?since=${since}` : '/events');
  events.addEventListener('open', () => say('connection', ''));
  events.addEventListener('error', () => say('connection', GONE));
  events.addEventListener('message', ({ data }) => showMessage(JSON.parse(data), code));
  events.addEventListener('invocation', ({ data }) => showInvocation(JSON.parse(data)));
}

const answer = await fetch('/facts');
const facts = answer.ok && await answer.json();
if (facts.hosted && isLeaving()) {
  await leave(facts.hosted);
} else if (facts) {
  const part = app(facts, dim);
  listen(part.typeCode);
  await part.ready();
} else {
  byId('start').hidden = true;
  say('connection', await answer.text());
}
