"""Calls of the hosted sign-in, and similar calls that it does not need."""

from typing import Any

from tools.local_stack.stack import Stack

Calls = dict[str, list[Any]]


def hosted_calls(deployed: Stack, settings: dict[str, str]) -> Calls:
    """Return every call by name. `settings` is the function's environment."""
    return _items(deployed) | _keys(deployed, settings) | _pool(deployed, settings)


def _items(deployed: Stack) -> Calls:
    def item(operation: str, key: str) -> list[Any]:
        return ["dynamodb", operation, {"TableName": deployed.table, "Key": {"pk": {"S": key}}}]

    return {
        "write a hosted sign-in": item("update_item", "hosted#hash"),
        "read a hosted sign-in": item("get_item", "hosted#hash"),
        "redeem a grant": item("update_item", "grant#hash"),
        "delete a grant": item("delete_item", "grant#hash"),
    }


def _keys(deployed: Stack, settings: dict[str, str]) -> Calls:
    kms, state_key, sign_key = deployed.client("kms"), settings["STATE_KEY_ID"], settings["SIGN_KEY_IDS"]

    def encryption(**context: str) -> list[Any]:
        return ["kms", "encrypt", {"KeyId": state_key, "Plaintext": "x", "EncryptionContext": context}]

    def decryption(item: str) -> list[Any]:
        context = {"item": item}
        encrypted = kms.encrypt(KeyId=state_key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
        arguments = {
            "KeyId": state_key,
            "CiphertextBlob": {"hex": encrypted.hex()},
            "EncryptionContext": context,
        }
        return ["kms", "decrypt", arguments]

    def signature(algorithm: str) -> dict[str, Any]:
        return {"KeyId": sign_key, "SigningAlgorithm": algorithm, "Message": "m"}

    right = signature("RSASSA_PKCS1_V1_5_SHA_256")
    made = kms.sign(**right)["Signature"].hex()
    foreign = deployed.client("secretsmanager").create_secret(Name="another", SecretString="x")["ARN"]
    return {
        "encrypt a session": encryption(item="hosted#hash"),
        "encrypt for no item": encryption(),
        "encrypt for a challenge": encryption(item="sign_in_code#user"),
        "decrypt a session": decryption("hosted#hash"),
        "decrypt a grant": decryption("grant#hash"),
        "decrypt another item": decryption("other#hash"),
        "sign an ID token": ["kms", "sign", right],
        "sign an ID token in another way": ["kms", "sign", signature("RSASSA_PSS_SHA_256")],
        "check an access token": ["kms", "verify", right | {"Signature": {"hex": made}}],
        "read the ID tokens' key": ["kms", "get_public_key", {"KeyId": sign_key}],
        "read Cognito's secret": [
            "secretsmanager",
            "get_secret_value",
            {"SecretId": settings["RP_SECRET_ID"]},
        ],
        "read another secret": ["secretsmanager", "get_secret_value", {"SecretId": foreign}],
        "change Cognito's secret": [
            "secretsmanager",
            "put_secret_value",
            {"SecretId": settings["RP_SECRET_ID"], "SecretString": "x"},
        ],
    }


def _pool(deployed: Stack, settings: dict[str, str]) -> Calls:
    cognito, pool = deployed.client("cognito-idp"), {"UserPoolId": deployed.user_pool_id}
    made = cognito.admin_create_user(**pool, Username="linked@people.example")["User"]["Username"]
    inner = pool | {"ClientId": settings["INNER_CLIENT_ID"]}
    link = {
        "DestinationUser": {"ProviderName": "Cognito", "ProviderAttributeValue": made},
        "SourceUser": {
            "ProviderName": settings["PROVIDER_NAME"],
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": made,
        },
    }
    return {
        "read the pool's sign-in options": ["cognito-idp", "describe_user_pool", pool],
        "read the inner client": ["cognito-idp", "describe_user_pool_client", inner],
        "link a user": ["cognito-idp", "admin_link_provider_for_user", pool | link],
        "change a client": ["cognito-idp", "update_user_pool_client", inner],
        "set a password": [
            "cognito-idp",
            "admin_set_user_password",
            pool | {"Username": made, "Password": "a long pass phrase", "Permanent": True},
        ],
    }
