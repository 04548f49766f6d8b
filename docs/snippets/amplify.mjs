import { Amplify } from 'aws-amplify';
import { confirmSignIn, fetchAuthSession, signIn } from 'aws-amplify/auth';

const { USER_POOL_ID, CLIENT_ID, AWS_ENDPOINT_URL } = process.env;
const Cognito = { userPoolId: USER_POOL_ID, userPoolClientId: CLIENT_ID };
// Leave the endpoint out on AWS: it is for the local stack.
Amplify.configure({ Auth: { Cognito: { ...Cognito, userPoolEndpoint: AWS_ENDPOINT_URL } } });

// `ask(challenge)` shows challenge.destination, asks for challenge.codeLength digits and resolves to what the
// user typed: the code, or 'email' or 'sms' for another message. Leave `password` out for an app client that is CODE_ONLY.
export async function signInWithCode(username, password, ask) {
  const authFlowType = password ? 'CUSTOM_WITH_SRP' : 'CUSTOM_WITHOUT_SRP';
  let { isSignedIn, nextStep } = await signIn({ username, password, options: { authFlowType } });
  while (!isSignedIn) {
    if (nextStep.signInStep !== 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE') throw new Error(nextStep.signInStep);
    const challengeResponse = await ask(nextStep.additionalInfo);
    const resend = ['email', 'sms'].includes(challengeResponse);
    const clientMetadata = resend ? { action: 'resend', channel: challengeResponse } : undefined;
    ({ isSignedIn, nextStep } = await confirmSignIn({ challengeResponse, options: { clientMetadata } }));
  }
  return (await fetchAuthSession()).tokens.idToken.payload;
}
