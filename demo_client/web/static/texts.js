// What a person reads while signing in: a challenge in, a sentence out.

export const NAMES = { email: 'email', sms: 'SMS' };

const seconds = (count) => (count < 120 ? `${count} seconds` : `${Math.ceil(count / 60)} minutes`);
const where = ({ channel, destination }) => `by ${NAMES[channel] ?? channel} to ${destination}`;

export function describe(challenge) {
  const { status, expiresIn, attemptsLeft } = challenge;
  switch (status) {
    case 'SENT': return `A code went out ${where(challenge)}. It is good for ${seconds(Number(expiresIn))}.`;
    case 'WAITING': return `Nothing new was sent: the code that went ${where(challenge)} is still good. ${next(challenge)}`;
    case 'WRONG': return `That code is not right. ${attemptsLeft === '1' ? 'This is the last try.' : `${attemptsLeft} tries are left.`}`;
    case 'EXPIRED': return `That code is no longer good. ${next(challenge)}`;
    case 'CHOOSE': return 'Where should the code go?';
    default: return 'This pool asks for something else than a code. Start the local AWS again with “make demo”.';
  }
}

function next({ resendsLeft, resendIn }) {
  if (resendsLeft === '0') return 'No resend is left in this sign-in.';
  return Number(resendIn) ? `Another message can go out in ${seconds(Number(resendIn))}.` : 'Ask for another message.';
}

// The other ways to get a code: [channel, what stands on the button].
export function offers({ status, channel, channels, resendsLeft }) {
  if (status !== 'CHOOSE' && resendsLeft === '0') return [];
  const names = Object.keys(JSON.parse(channels));
  return names.map((name) => [name, name === channel ? 'Send it again' : `Send it by ${NAMES[name] ?? name}`]);
}

export function explain({ name, message }) {
  // The page's own server speaks in sentences.
  if (name === 'PageError') return message;
  if (name === 'NotAuthorizedException') return 'The sign-in has ended: a wrong password, or too many wrong codes. Start over.';
  // The triggers answer with sentences meant for people, and Cognito puts words of its own in front.
  const said = /failed with error (.+?)\.?$/.exec(message)?.[1];
  if (said) return `${said}.`;
  if (name === 'NetworkError') return 'The local AWS does not answer. Start it with “make demo”.';
  return `The pool refused this (${name}). Start over.`;
}
