// The app: the sign-in form, then the code, then the claims of the tokens.
import { showClaims } from './claims.js';
import { button, byId, showText } from './dom.js';
import { finishSignIn, signOut, signInTabUrl } from './hosted.js';
import { makeUser } from './demo-user.js';
import { codePattern, describe, explain, offers } from './texts.js';

const NO_FORM = 'The sign-in form was not built, because Node.js and npm are missing. Install them, run “make demo” again, and '
  + 'reload this page. Until then, sign in on the terminal with the commands that “make demo” prints. This page shows the rest.';
const PARTS = ['start', 'challenge', 'signed-in'];

// `facts` is the configuration from the page's server; `clearHighlights` is called when a sign-in starts.
export function app(facts, clearHighlights) {
  let amplify = null;
  let endSession = async () => {};

  function show(part, focus) {
    PARTS.forEach((id) => { byId(id).hidden = id !== part; });
    if (focus) byId(focus).focus();
  }

  function next({ challenge, claims }) {
    if (claims) return showSignedIn(claims);
    showText('app-status', describe(challenge), challenge.status === 'WRONG' || challenge.status === 'EXPIRED');
    Object.assign(byId('code'), { value: '', pattern: codePattern(challenge), title: `${challenge.codeLength} digits` });
    const action = challenge.status === 'CHOOSE' ? 'send' : 'resend';
    const buttons = offers(challenge).map(([channel, text]) => button(text, () => attempt(() => amplify.send(action, channel))));
    byId('again').replaceChildren(...buttons);
    return show('challenge', 'code');
  }

  function showSignedIn(claims) {
    showText('app-status', `Signed in as ${claims.id.email ?? claims.id.sub}.`);
    showClaims(claims);
    show('signed-in', 'claims-title');
  }

  function fail(error) {
    showText('app-status', explain(error), true);
    show('start', 'email');
  }

  // Runs an action with all buttons disabled: a second click would be a second answer. Returns its result, null on error.
  async function runAlone(action) {
    const buttons = [...document.querySelectorAll('#app button:enabled')];
    buttons.forEach((each) => { each.disabled = true; });
    try {
      return await action();
    } catch (error) {
      fail(error);
      return null;
    } finally {
      buttons.forEach((each) => { each.disabled = false; });
    }
  }

  async function attempt(action) {
    const outcome = await runAlone(action);
    if (outcome) next(outcome);
  }

  function begin() {
    const mode = new FormData(byId('start')).get('mode');
    const password = mode === 'code_only' ? undefined : byId('password').value;
    const pool = { userPoolId: facts.userPoolId, clientId: facts.clients[mode], endpoint: facts.endpoint };
    clearHighlights();
    endSession = amplify.signOut;
    return amplify.begin(pool, byId('email').value.trim(), password);
  }

  function askForPassword() {
    const passwordless = new FormData(byId('start')).get('mode') === 'code_only';
    byId('password-field').hidden = passwordless;
    byId('password').required = !passwordless;
  }

  async function createUser() {
    const user = await runAlone(() => makeUser(byId('first-channel').value, facts.nonce));
    if (!user) return;
    byId('email').value = user.email;
    byId('password').value = user.password;
    showText('app-status', `Created the account ${user.email} with the phone number ${user.phone}.`);
    byId('sign-in').focus();
  }

  async function startOver() {
    showText('app-status', '');
    await runAlone(endSession);
    show('start', 'email');
  }

  function addListeners() {
    byId('start').addEventListener('submit', (event) => { event.preventDefault(); attempt(begin); });
    byId('start').addEventListener('change', askForPassword);
    byId('challenge').addEventListener('submit', (event) => {
      event.preventDefault();
      attempt(() => amplify.answer(byId('code').value));
    });
    byId('make-user').addEventListener('click', createUser);
    byId('make-user').disabled = false;
    byId('over').addEventListener('click', startOver);
    byId('sign-out').addEventListener('click', startOver);
  }

  // Loads Amplify, and finishes a hosted sign-in if the browser comes back from one.
  async function ready() {
    byId('hosted').hidden = !facts.hosted;
    byId('hosted-sign-in').href = signInTabUrl();
    if (facts.form) amplify = await import('./app.js');
    else showText('app-status', NO_FORM, true);
    byId('sign-in').disabled = !amplify;
    askForPassword();
    try {
      const back = facts.hosted && await finishSignIn(facts.hosted);
      if (!back) return;
      endSession = async () => signOut(facts.hosted);
      showSignedIn(back.claims);
    } catch (error) {
      showText('app-status', error.message, true);
    }
  }

  function typeCode(code) {
    byId('code').value = code;
    if (!byId('challenge').hidden) byId('code').focus();
  }

  addListeners();
  return { ready, typeCode };
}
