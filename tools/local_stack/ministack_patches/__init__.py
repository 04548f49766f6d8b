"""Where ministack 1.5.33 behaves unlike AWS and it matters here, one small function for each difference.

The docstring of a function is what AWS does; the code makes ministack do it. Nothing here may make the local
AWS kinder than the real one: a test that passes here should pass there.
"""

from tools.local_stack.ministack_patches import (
    api_gateway_iam,
    api_gateway_import,
    api_gateway_requests,
    cloudformation,
    cognito_triggers,
    custom_auth,
    iam,
    oidc_federation,
    oidc_identities,
    oidc_providers,
    sns,
    unknown_users,
)


def patch() -> None:
    """Patch ministack in this process."""
    sns.patch()
    cloudformation.patch()
    iam.patch()
    api_gateway_import.patch()
    api_gateway_requests.patch()
    api_gateway_iam.patch()
    oidc_providers.patch()
    oidc_federation.patch()
    oidc_identities.patch()
    unknown_users.patch()
    cognito_triggers.patch()
    custom_auth.patch()
