// The app: who signs in and how, then the code, then what the tokens say.
import { showClaims } from './claims.js';
import { button, byId, say } from './dom.js';
import { comeBack, signOut, startOfTab } from './hosted.js';
import { makeUser } from './demo-user.js';
import { describe, explain, offers } from './texts.js';

const NO_FORM = 'The sign-in form is made with Node.js and npm, which were not there. Install them, run “make demo” again, and '
  + 'reload this page. Meanwhile sign in from the terminal, as “make demo” says; the messages and the steps appear here.';
const SHOWN = ['start', 'challenge', 'signed-in'];

// `facts` is what the page's server says of the stack; `dim` is called when a sign-in begins.
export function app(facts, dim) {
  let amplify = null;
  let leave = async () => {};

  function show(part, focus) {
    SHOWN.forEach((id) => { byId(id).hidden = id !== part; });
    if (focus) byId(focus).focus();
  }

  function next({ challenge, claims }) {
    if (claims) return arrive(claims);
    say('say', describe(challenge), challenge.status === 'WRONG' || challenge.status === 'EXPIRED');
    byId('code').value = '';
    const action = challenge.status === 'CHOOSE' ? 'send' : 'resend';
    const buttons = offers(challenge).map(([channel, text]) => button(text, () => attempt(() => amplify.send(action, channel))));
    byId('again').replaceChildren(...buttons);
    return show('challenge', 'code');
  }

  function arrive(claims) {
    say('say', `Signed in as ${claims.id.email ?? claims.id.sub}.`);
    showClaims(claims);
    show('signed-in', 'claims-title');
  }

  function fail(error) {
    say('say', explain(error), true);
    show('start', 'email');
  }

  // What the step came to, or null after saying what was wrong. One at a time: a second click would be a second answer.
  async function alone(step) {
    const buttons = [...document.querySelectorAll('#app button:enabled')];
    buttons.forEach((each) => { each.disabled = true; });
    try {
      return await step();
    } catch (error) {
      fail(error);
      return null;
    } finally {
      buttons.forEach((each) => { each.disabled = false; });
    }
  }

  async function attempt(step) {
    const outcome = await alone(step);
    if (outcome) next(outcome);
  }

  function begin() {
    const mode = new FormData(byId('start')).get('mode');
    const password = mode === 'code_only' ? undefined : byId('password').value;
    const pool = { userPoolId: facts.userPoolId, clientId: facts.clients[mode], endpoint: facts.endpoint };
    dim();
    leave = amplify.signOut;
    return amplify.begin(pool, byId('email').value.trim(), password);
  }

  function askForPassword() {
    const alone = new FormData(byId('start')).get('mode') === 'code_only';
    byId('password-field').hidden = alone;
    byId('password').required = !alone;
  }

  async function welcome() {
    const user = await alone(() => makeUser(byId('first-channel').value, facts.nonce));
    if (!user) return;
    byId('email').value = user.email;
    byId('password').value = user.password;
    say('say', `${user.email} has an account now, with the number ${user.phone}.`);
    byId('sign-in').focus();
  }

  async function startOver() {
    say('say', '');
    await alone(leave);
    show('start', 'email');
  }

  function wire() {
    byId('start').addEventListener('submit', (event) => { event.preventDefault(); attempt(begin); });
    byId('start').addEventListener('change', askForPassword);
    byId('challenge').addEventListener('submit', (event) => {
      event.preventDefault();
      attempt(() => amplify.answer(byId('code').value.replace(/[\s-]/g, '')));
    });
    byId('make-user').addEventListener('click', welcome);
    byId('make-user').disabled = false;
    byId('over').addEventListener('click', startOver);
    byId('sign-out').addEventListener('click', startOver);
  }

  // Amplify, and the end of a hosted sign-in if this is one.
  async function ready() {
    byId('hosted').hidden = !facts.hosted;
    byId('hosted-sign-in').href = startOfTab();
    if (facts.form) amplify = await import('./app.js');
    else say('say', NO_FORM, true);
    byId('sign-in').disabled = !amplify;
    askForPassword();
    try {
      const back = facts.hosted && await comeBack(facts.hosted);
      if (!back) return;
      leave = async () => signOut(facts.hosted);
      arrive(back.claims);
    } catch (error) {
      say('say', error.message, true);
    }
  }

  function typeCode(code) {
    byId('code').value = code;
    if (!byId('challenge').hidden) byId('code').focus();
  }

  wire();
  return { ready, typeCode };
}
