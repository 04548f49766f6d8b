import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';

const { USER_POOL_ID: UserPoolId, CLIENT_ID: ClientId, AWS_ENDPOINT_URL: endpoint } = process.env;
// Leave the endpoint out on AWS: it is for the local stack.
const Pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint });

// `ask(challenge)` shows challenge.destination, asks for challenge.codeLength digits and resolves to what the
// user typed: the code, or 'email' or 'sms' for another message. Leave `Password` out for an app client that is CODE_ONLY.
export function signInWithCode(Username, Password, ask) {
  const user = new CognitoUser({ Username, Pool });
  const details = new AuthenticationDetails({ Username, Password });
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  return new Promise((resolve, reject) => {
    const answer = (typed) => {
      const metadata = ['email', 'sms'].includes(typed) ? { action: 'resend', channel: typed } : {};
      user.sendCustomChallengeAnswer(typed, callbacks, metadata);
    };
    const callbacks = {
      customChallenge: (challenge) => ask(challenge).then(answer).catch(reject),
      onSuccess: (session) => resolve(session.getIdToken().payload),
      onFailure: reject,
    };
    if (Password) user.authenticateUser(details, callbacks);
    else user.initiateAuth(details, callbacks);
  });
}
