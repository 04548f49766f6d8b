// The texts of a sign-in: a sentence for each challenge and error.

// The names of the channels, in a sentence and alone.
export const NAMES = { email: 'email', sms: 'SMS', voice: 'phone call' };
export const TITLES = { email: 'Email', sms: 'SMS', voice: 'Phone call' };

function seconds(count) {
  if (count < 120) return `${count} seconds`;
  return count <= 7200 ? `${Math.ceil(count / 60)} minutes` : `${Math.ceil(count / 3600)} hours`;
}

const where = ({ channel, destination }) => `by ${NAMES[channel] ?? channel} to ${destination}`;
// Before the password is proven, the code may have gone to another channel than the one that was asked for.
const mayBeElsewhere = ({ destination, channels }) =>
  /^[*@+.]*$/.test(destination) && Object.keys(JSON.parse(channels)).length > 1;
const look = ({ channels }) =>
  'voice' in JSON.parse(channels) ? 'Look at your messages, and answer your phone.' : 'Look at your text messages and your mailbox.';

const orElse = ({ fallback, channels }) =>
  fallback ? ` If it can't be sent that way, you get it by ${NAMES[fallback] ?? fallback}: ${JSON.parse(channels)[fallback]}.` : '';
const sent = (challenge) =>
  mayBeElsewhere(challenge) ? `A code was sent. ${look(challenge)}` : `A code was sent ${where(challenge)}.${orElse(challenge)}`;
const latest = (challenge) =>
  mayBeElsewhere(challenge) ? `The latest code is still valid. ${look(challenge)}` : `The code sent ${where(challenge)} is still valid.`;

export function describe(challenge) {
  const { status, expiresIn, attemptsLeft } = challenge;
  switch (status) {
    case 'SENT': return `${sent(challenge)} It expires in ${seconds(Number(expiresIn))}.`;
    case 'WAITING': return `No new message was sent. ${latest(challenge)} ${next(challenge)}`;
    case 'WRONG': return `That code is wrong. ${attemptsLeft === '1' ? 'This is the last attempt.' : `${attemptsLeft} attempts left.`}`;
    case 'EXPIRED': return `That code has expired. ${next(challenge)}`;
    case 'CHOOSE': return 'Where should the code go?';
    default: return 'This pool does not ask for a one-time code. Start the local AWS again with “make demo”.';
  }
}

function next({ resendsLeft, resendIn }) {
  if (resendsLeft === '0') return 'No resends are left in this sign-in.';
  return Number(resendIn) ? `You can request another message in ${seconds(Number(resendIn))}.` : 'Request another message.';
}

// The buttons for another message: [channel, text of the button].
export function offers({ status, channel, channels, resendsLeft }) {
  if (status !== 'CHOOSE' && resendsLeft === '0') return [];
  const names = Object.keys(JSON.parse(channels));
  return names.map((name) => [name, name === channel ? 'Send it again' : `Send it by ${NAMES[name] ?? name}`]);
}

// The browser refuses an input with another number of digits, because Cognito would count it as an answer of this
// sign-in. The stack reads digits of every script, and ignores spaces, dashes and invisible characters.
export const codePattern = ({ codeLength }) => `(?:\\P{Nd}*\\p{Nd}){${codeLength}}\\P{Nd}*`;

// The tag at the end of a trigger's error: { reason, retryAfter } with seconds, 0 if waiting does not help; else null.
export function parseTag(message) {
  const match = /\[passcode:([a-z_]{1,32})(?::([0-9]{1,9}))?\][. ]*$/.exec(message ?? '');
  return match && { reason: match[1], retryAfter: Number(match[2] ?? 0) };
}

const UNAVAILABLE = 'The pool cannot send or check a code at the moment. Try again in a minute.';
const WITH_WAIT = {
  cooldown: 'A code was sent moments ago.',
  quota: 'Too many codes were requested.',
  busy: 'Several sign-ins started at the same time.',
  sms_stopped: 'No code can be sent to your phone number now.',
};
const WITHOUT_WAIT = {
  longer_code: 'After several wrong codes, a longer code is required. Start again to get one.',
  no_destination: 'This user has no verified email address or phone number. Ask the operators of the pool to add one.',
  unavailable: UNAVAILABLE,
};

// The sentence for a refusal of the triggers. A text without a tag is not shown, because it may be anything.
export function explainRefusal(message) {
  const tag = parseTag(message);
  if (!tag) return UNAVAILABLE;
  if (tag.retryAfter) return `${WITH_WAIT[tag.reason] ?? 'The pool refused this sign-in.'} Try again in ${seconds(tag.retryAfter)}.`;
  return WITHOUT_WAIT[tag.reason] ?? `The pool refused this sign-in (${tag.reason}).`;
}

export function explain({ name, message }) {
  // The page's own server responds with a sentence.
  if (name === 'PageError') return message;
  if (name === 'NotAuthorizedException') return 'The sign-in has ended: a wrong password, or too many wrong codes. Start over.';
  if (name === 'UserLambdaValidationException') return explainRefusal(message);
  if (name === 'NetworkError') return 'The local AWS does not respond. Start it with “make demo”.';
  return `The pool refused this request (${name}). Start over.`;
}
