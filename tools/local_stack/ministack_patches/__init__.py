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


def apply() -> None:
    """Patch ministack in this process."""
    sns.apply()
    cloudformation.apply()
    iam.apply()
    api_gateway_import.apply()
    api_gateway_requests.apply()
    api_gateway_iam.apply()
    oidc_providers.apply()
    oidc_federation.apply()
    oidc_identities.apply()
    unknown_users.apply()
    cognito_triggers.apply()
    custom_auth.apply()
