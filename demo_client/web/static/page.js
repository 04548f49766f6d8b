// Starts the page: reads the facts about the stack, and connects the three parts with the events.
import { app } from './sign-in-panel.js';
import { showChannels } from './demo-user.js';
import { byId, showText } from './dom.js';
import { isSignInTab, startSignIn, startedAt } from './hosted.js';
import { showMessage } from './inbox.js';
import { clearHighlights, showInvocation } from './invocations.js';

const GONE = 'The local AWS has stopped. Start it again with “make demo”, and reload this page.';

function listen(code) {
  const since = startedAt();
  const events = new EventSource(since ? `/events?since=${since}` : '/events');
  events.addEventListener('open', () => showText('connection', ''));
  events.addEventListener('error', () => showText('connection', GONE));
  events.addEventListener('message', ({ data }) => showMessage(JSON.parse(data), code));
  events.addEventListener('invocation', ({ data }) => showInvocation(JSON.parse(data)));
}

const answer = await fetch('/facts');
const facts = answer.ok && await answer.json();
if (facts.hosted && isSignInTab()) {
  await startSignIn(facts.hosted);
} else if (facts) {
  showChannels(facts.channels);
  const part = app(facts, clearHighlights);
  listen(part.typeCode);
  await part.ready();
} else {
  byId('start').hidden = true;
  showText('connection', await answer.text());
}
