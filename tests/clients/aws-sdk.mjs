import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
} from '@aws-sdk/client-cognito-identity-provider';

const ClientId = process.env.CLIENT_ID;
const cognito = new CognitoIdentityProviderClient({ endpoint: process.env.AWS_ENDPOINT_URL });

// The plain SDK has no SRP, so this function signs in with a code alone. `ask` is the same as in the snippets.
export async function signInWithCode(username, _password, ask) {
  const start = { AuthFlow: 'CUSTOM_AUTH', ClientId, AuthParameters: { USERNAME: username } };
  let step = await cognito.send(new InitiateAuthCommand(start));
  while (step.ChallengeName === 'CUSTOM_CHALLENGE') {
    const { Session, ChallengeName, ChallengeParameters } = step;
    const typed = await ask(ChallengeParameters);
    const ChallengeResponses = { USERNAME: ChallengeParameters.USERNAME, ANSWER: typed };
    const ClientMetadata = ['email', 'sms'].includes(typed) ? { action: 'resend', channel: typed } : {};
    const answer = { ClientId, Session, ChallengeName, ChallengeResponses, ClientMetadata };
    step = await cognito.send(new RespondToAuthChallengeCommand(answer));
  }
  return claimsOf(step.AuthenticationResult.IdToken);
}

function claimsOf(idToken) {
  return JSON.parse(Buffer.from(idToken.split('.')[1], 'base64url'));
}
