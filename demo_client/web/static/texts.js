// The texts of a sign-in: a sentence for each challenge and error.

export const NAMES = { email: 'email', sms: 'SMS' };

const seconds = (count) => (count < 120 ? `${count} seconds` : `${Math.ceil(count / 60)} minutes`);
const where = ({ channel, destination }) => `by ${NAMES[channel] ?? channel} to ${destination}`;

export function describe(challenge) {
  const { status, expiresIn, attemptsLeft } = challenge;
  switch (status) {
    case 'SENT': return `A code was sent ${where(challenge)}. It expires in ${seconds(Number(expiresIn))}.`;
    case 'WAITING': return `No new message was sent. The code sent ${where(challenge)} is still valid. ${next(challenge)}`;
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

export function explain({ name, message }) {
  // The page's own server responds with a sentence.
  if (name === 'PageError') return message;
  if (name === 'NotAuthorizedException') return 'The sign-in has ended: a wrong password, or too many wrong codes. Start over.';
  // The triggers raise errors with a sentence for the user. Cognito puts its own text in front.
  const sentence = /failed with error (.+?)\.?$/.exec(message)?.[1];
  if (sentence) return `${sentence}.`;
  if (name === 'NetworkError') return 'The local AWS does not respond. Start it with “make demo”.';
  return `The pool refused this request (${name}). Start over.`;
}
