import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as lambda from 'aws-cdk-lib/aws-lambda';

// In the properties of your UserPool eu-central-1_Fake1:
//   customAttributes: { otp_channel: new cognito.StringAttribute({ minLen: 0, maxLen: 8, mutable: true }) },

// `pool` is your UserPool eu-central-1_Fake1.
const passcodePool = pool.node.defaultChild as cognito.CfnUserPool;
passcodePool.addPropertyOverride("LambdaConfig.DefineAuthChallenge", "arn:aws:lambda:eu-central-1:123456789012:function:passcode-define-auth-challenge:live");
passcodePool.addPropertyOverride("LambdaConfig.CreateAuthChallenge", "arn:aws:lambda:eu-central-1:123456789012:function:passcode-create-auth-challenge:live");
passcodePool.addPropertyOverride("LambdaConfig.VerifyAuthChallengeResponse", "arn:aws:lambda:eu-central-1:123456789012:function:passcode-verify-auth-challenge:live");
passcodePool.addPropertyOverride("LambdaConfig.PreTokenGeneration", "arn:aws:lambda:eu-central-1:123456789012:function:passcode-pre-token-generation:live");
passcodePool.addPropertyOverride("LambdaConfig.PreTokenGenerationConfig.LambdaVersion", "V2_0");
passcodePool.addPropertyOverride("LambdaConfig.PreTokenGenerationConfig.LambdaArn", "arn:aws:lambda:eu-central-1:123456789012:function:passcode-pre-token-generation:live");
passcodePool.addPropertyOverride("LambdaConfig.KMSKeyID", "arn:aws:kms:eu-central-1:123456789012:key/0d5f6e0a-0000-4000-8000-000000000000");
passcodePool.addPropertyOverride("LambdaConfig.CustomEmailSender.LambdaArn", "arn:aws:lambda:eu-central-1:123456789012:function:passcode-custom-sender");
passcodePool.addPropertyOverride("LambdaConfig.CustomEmailSender.LambdaVersion", "V1_0");
passcodePool.addPropertyOverride("LambdaConfig.CustomSMSSender.LambdaArn", "arn:aws:lambda:eu-central-1:123456789012:function:passcode-custom-sender");
passcodePool.addPropertyOverride("LambdaConfig.CustomSMSSender.LambdaVersion", "V1_0");

// `client1` is your UserPoolClient web.
const passcodeClient1 = client1.node.defaultChild as cognito.CfnUserPoolClient;
passcodeClient1.addPropertyOverride("ExplicitAuthFlows", ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
passcodeClient1.addPropertyOverride("PreventUserExistenceErrors", "ENABLED");
passcodeClient1.addPropertyOverride("AuthSessionValidity", 15);
passcodeClient1.addPropertyOverride("ReadAttributes", ["email", "custom:otp_channel"]);
passcodeClient1.addPropertyOverride("WriteAttributes", ["email", "custom:otp_channel"]);

// `client2` is your UserPoolClient kiosk.
const passcodeClient2 = client2.node.defaultChild as cognito.CfnUserPoolClient;
passcodeClient2.addPropertyOverride("ExplicitAuthFlows", ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
passcodeClient2.addPropertyOverride("PreventUserExistenceErrors", "ENABLED");
passcodeClient2.addPropertyOverride("AuthSessionValidity", 15);
passcodeClient2.addPropertyOverride("ReadAttributes", ["email", "custom:otp_channel"]);
passcodeClient2.addPropertyOverride("WriteAttributes", ["email", "custom:otp_channel"]);

new lambda.CfnPermission(this, "PasscodeDefineAuthChallengeForCognito", {
  action: "lambda:InvokeFunction",
  functionName: "arn:aws:lambda:eu-central-1:123456789012:function:passcode-define-auth-challenge:live",
  principal: "cognito-idp.amazonaws.com",
  sourceAccount: "123456789012",
  sourceArn: "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1",
});
new lambda.CfnPermission(this, "PasscodeCreateAuthChallengeForCognito", {
  action: "lambda:InvokeFunction",
  functionName: "arn:aws:lambda:eu-central-1:123456789012:function:passcode-create-auth-challenge:live",
  principal: "cognito-idp.amazonaws.com",
  sourceAccount: "123456789012",
  sourceArn: "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1",
});
new lambda.CfnPermission(this, "PasscodeVerifyAuthChallengeForCognito", {
  action: "lambda:InvokeFunction",
  functionName: "arn:aws:lambda:eu-central-1:123456789012:function:passcode-verify-auth-challenge:live",
  principal: "cognito-idp.amazonaws.com",
  sourceAccount: "123456789012",
  sourceArn: "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1",
});
new lambda.CfnPermission(this, "PasscodePreTokenGenerationForCognito", {
  action: "lambda:InvokeFunction",
  functionName: "arn:aws:lambda:eu-central-1:123456789012:function:passcode-pre-token-generation:live",
  principal: "cognito-idp.amazonaws.com",
  sourceAccount: "123456789012",
  sourceArn: "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1",
});
new lambda.CfnPermission(this, "PasscodeCustomSenderForCognito", {
  action: "lambda:InvokeFunction",
  functionName: "arn:aws:lambda:eu-central-1:123456789012:function:passcode-custom-sender",
  principal: "cognito-idp.amazonaws.com",
  sourceAccount: "123456789012",
  sourceArn: "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1",
});

// After that deployment:
// - Set CodeOnlyClientIds=kiosk in parameter_overrides of samconfig.mine.toml, then `make deploy`.
// - .venv/bin/python -m tools.pool_admin doctor eu-central-1_Fake1 --stack passcode
