# In the resource aws_cognito_user_pool of eu-central-1_Fake1:
lambda_config {
  define_auth_challenge = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-define-auth-challenge:live"
  create_auth_challenge = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-create-auth-challenge:live"
  verify_auth_challenge_response = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-verify-auth-challenge:live"
  pre_token_generation = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-pre-token-generation:live"
  pre_token_generation_config {
    lambda_version = "V2_0"
    lambda_arn = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-pre-token-generation:live"
  }
  kms_key_id = "arn:aws:kms:eu-central-1:123456789012:key/0d5f6e0a-0000-4000-8000-000000000000"
  custom_email_sender {
    lambda_arn = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-custom-sender"
    lambda_version = "V1_0"
  }
  custom_sms_sender {
    lambda_arn = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-custom-sender"
    lambda_version = "V1_0"
  }
}
schema {
  name = "otp_channel"
  attribute_data_type = "String"
  mutable = true
  string_attribute_constraints {
    min_length = "0"
    max_length = "8"
  }
}

# In the resource aws_cognito_user_pool_client of web:
explicit_auth_flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
prevent_user_existence_errors = "ENABLED"
auth_session_validity = 15
read_attributes = ["email", "custom:otp_channel"]
write_attributes = ["email", "custom:otp_channel"]

# In the resource aws_cognito_user_pool_client of kiosk:
explicit_auth_flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
prevent_user_existence_errors = "ENABLED"
auth_session_validity = 15
read_attributes = ["email", "custom:otp_channel"]
write_attributes = ["email", "custom:otp_channel"]

# New resources:
resource "aws_lambda_permission" "passcode_define_auth_challenge_for_cognito" {
  action = "lambda:InvokeFunction"
  function_name = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-define-auth-challenge"
  principal = "cognito-idp.amazonaws.com"
  source_account = "123456789012"
  source_arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1"
  qualifier = "live"
}
resource "aws_lambda_permission" "passcode_create_auth_challenge_for_cognito" {
  action = "lambda:InvokeFunction"
  function_name = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-create-auth-challenge"
  principal = "cognito-idp.amazonaws.com"
  source_account = "123456789012"
  source_arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1"
  qualifier = "live"
}
resource "aws_lambda_permission" "passcode_verify_auth_challenge_for_cognito" {
  action = "lambda:InvokeFunction"
  function_name = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-verify-auth-challenge"
  principal = "cognito-idp.amazonaws.com"
  source_account = "123456789012"
  source_arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1"
  qualifier = "live"
}
resource "aws_lambda_permission" "passcode_pre_token_generation_for_cognito" {
  action = "lambda:InvokeFunction"
  function_name = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-pre-token-generation"
  principal = "cognito-idp.amazonaws.com"
  source_account = "123456789012"
  source_arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1"
  qualifier = "live"
}
resource "aws_lambda_permission" "passcode_custom_sender_for_cognito" {
  action = "lambda:InvokeFunction"
  function_name = "arn:aws:lambda:eu-central-1:123456789012:function:passcode-custom-sender"
  principal = "cognito-idp.amazonaws.com"
  source_account = "123456789012"
  source_arn = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Fake1"
}

# After that deployment:
# - Set CodeOnlyClientIds=kiosk in parameter_overrides of samconfig.mine.toml, then `make deploy`.
# - .venv/bin/python -m tools.pool_admin doctor eu-central-1_Fake1 --stack passcode
