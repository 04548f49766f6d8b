// Signing in with Amplify, as an app does it. The page around it draws, and this file talks to Cognito.
import { Amplify } from 'aws-amplify';
import { confirmSignIn, fetchAuthSession, signIn, signOut } from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { Memory } from './token-storage.js';

// `pool` is {userPoolId, clientId, endpoint}; leave the endpoint out on AWS: it is for the local stack.
// Without a password the app client must be CODE_ONLY. Resolves to {challenge} or {claims}, as all of these do.
export async function begin(pool, username, password) {
  const { userPoolId, clientId: userPoolClientId, endpoint: userPoolEndpoint } = pool;
  Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(new Memory());
  const authFlowType = password ? 'CUSTOM_WITH_SRP' : 'CUSTOM_WITHOUT_SRP';
  return outcome(await signIn({ username, password, options: { authFlowType } }));
}

export async function answer(challengeResponse) {
  return outcome(await confirmSignIn({ challengeResponse }));
}

// `action` is 'resend', or 'send' for the first message where the person chooses the channel.
export async function send(action, channel) {
  const options = { clientMetadata: { action, channel } };
  return outcome(await confirmSignIn({ challengeResponse: channel, options }));
}

export { signOut };

async function outcome({ isSignedIn, nextStep }) {
  if (!isSignedIn) return { challenge: nextStep.additionalInfo };
  const { idToken, accessToken } = (await fetchAuthSession()).tokens;
  return { claims: { id: idToken.payload, access: accessToken.payload } };
}
