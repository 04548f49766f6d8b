curl --silent --show-error --fail-with-body --max-time 30 \
  --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
  ${AWS_SESSION_TOKEN:+-H"X-Amz-Security-Token: $AWS_SESSION_TOKEN"} \
  --json @- "$TOKEN_API_URL/introspect" <<END
{"proof": "$PROOF", "audience": "payments", "subject": "$SUBJECT", "purpose": "approve a payment of 20 EUR"}
END
