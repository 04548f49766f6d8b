// Sign-in with Amplify, as in any app. This file calls Cognito, and the page shows the results.
import { Amplify } from 'aws-amplify';
import { confirmSignIn, fetchAuthSession, signIn, signOut } from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { TokenStorage } from './token-storage.js';

// `pool` is {userPoolId, clientId, endpoint}. `endpoint` is for the local stack; omit it on AWS. Without a password, the
// app client must be that of CODE_ONLY. Like the others, resolves to {challenge} or {claims}.
export async function begin(pool, username, password) {
  const { userPoolId, clientId: userPoolClientId, endpoint: userPoolEndpoint } = pool;
  Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(new TokenStorage());
  const authFlowType = password ? 'CUSTOM_WITH_SRP' : 'CUSTOM_WITHOUT_SRP';
  return outcome(await signIn({ username, password, options: { authFlowType } }));
}

export async function answer(challengeResponse) {
  return outcome(await confirmSignIn({ challengeResponse }));
}

// `action` is 'resend', or 'send' for the first message if the user chooses the channel.
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
