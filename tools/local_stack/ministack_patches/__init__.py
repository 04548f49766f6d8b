"""Patches of ministack 1.5.33 where it differs from AWS, one function for each difference, and one fake.

The docstring of a function says what AWS does, and its code makes ministack do it. No patch may make the
local AWS more permissive than AWS: a test that passes here should pass there. The only exception is time.
"""

from tools.local_stack.ministack_patches import (
    api_gateway_iam,
    api_gateway_import,
    api_gateway_requests,
    cloudformation,
    cognito_triggers,
    custom_auth,
    end_user_messaging,
    iam,
    lambda_time_outs,
    oidc_federation,
    oidc_identities,
    oidc_levels,
    oidc_providers,
    ses,
    sns,
    sqs,
    unknown_users,
    user_names,
    verified_attributes,
)


def patch() -> None:
    """Apply all patches to ministack in this process."""
    ses.patch()
    sns.patch()
    end_user_messaging.patch()
    sqs.patch()
    cloudformation.patch()
    iam.patch()
    lambda_time_outs.patch()
    api_gateway_import.patch()
    api_gateway_requests.patch()
    api_gateway_iam.patch()
    oidc_providers.patch()
    oidc_federation.patch()
    oidc_identities.patch()
    oidc_levels.patch()
    # An unknown user is simulated only after each spelling of the name was tried.
    user_names.patch()
    unknown_users.patch()
    verified_attributes.patch()
    cognito_triggers.patch()
    custom_auth.patch()
