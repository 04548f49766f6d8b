"""Calls to AWS: those that a Lambda function of the stack needs, and some that none of them needs."""

from typing import Any

from tests.rights.hosted import hosted_calls
from tools.local_stack.deploy import STACK_NAME
from tools.local_stack.environment import ACCOUNT, REGION
from tools.local_stack.stack import Stack

Calls = dict[str, list[Any]]
# One of the stack's probes. Without calls in its event, a probe does nothing.
OPERATORS_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK_NAME}-define-auth-challenge"


def all_calls(deployed: Stack) -> Calls:
    """Return every call by name: the service, the operation and its arguments."""
    calls = _table(deployed) | _queues(deployed) | _keys(deployed) | _decryption(deployed)
    calls |= hosted_calls(deployed, _settings(deployed, "hosted_sign_in"))
    return calls | _messages(deployed) | _users(deployed) | _functions(deployed)


def _table(deployed: Stack) -> Calls:
    def item(operation: str, key: str) -> list[Any]:
        target: dict[str, Any] = {"TableName": deployed.table, "Key": {"pk": {"S": key}}}
        if operation == "update_item":
            # A write of the key alone names no attribute, and so satisfies each limit on attributes.
            target |= {"UpdateExpression": "REMOVE sent_at"}
        return ["dynamodb", operation, target]

    def batch(*keys: str) -> list[Any]:
        items = {deployed.table: {"Keys": [{"pk": {"S": key}} for key in keys]}}
        return ["dynamodb", "batch_get_item", {"RequestItems": items}]

    def attributes(key: str, *names: str) -> list[Any]:
        # The real names are in a second field, as some of them are reserved words.
        aliases = {f"#{number}": name for number, name in enumerate(names)}
        service, operation, arguments = item("get_item", key)
        projection = {"ProjectionExpression": ",".join(aliases), "ExpressionAttributeNames": aliases}
        return [service, operation, arguments | projection]

    def change(key: str, name: str, **arguments: str) -> list[Any]:
        # As `FailureTable` writes: the real name is in a second field.
        service, operation, target = item("update_item", key)
        update = {
            "UpdateExpression": "SET #name = :value",
            "ConditionExpression": "attribute_exists(pk) OR NOT contains(#name, :value)",
            "ExpressionAttributeNames": {"#name": name},
            "ExpressionAttributeValues": {":value": {"S": "x"}},
        }
        return [service, operation, target | update | arguments]

    return {
        "record a failure after a password": change("sign_in_password#failures", "failed_email"),
        "record a failure without a password": change("sign_in_code#failures", "failed_sms"),
        "record a failure of a step-up": change("step_up#failures", "failed_voice"),
        "record a failure of a token": change("token#failures", "failed_email"),
        "record a failure and read all": change("sign_in_code#all", "failed_sms", ReturnValues="ALL_NEW"),
        "write a nonce": change("sign_in_code#failures", "nonce"),
        "write a challenge after a password": item("update_item", "sign_in_password#user"),
        "write a challenge without a password": item("update_item", "sign_in_code#user"),
        "write a record of the first key format": item("update_item", "sign_in#user"),
        "write a token's challenge": item("update_item", "token#hash"),
        "write a step-up's challenge": item("update_item", "step_up#user"),
        "count an SMS to a number": item("update_item", "sms_to#open#hash"),
        "count an SMS of the day": item("update_item", "sms_day#2026-01-01"),
        "count the emails of the day": item("update_item", "email_day#2026-01-01"),
        "record a notice": item("update_item", "notice#user"),
        "claim a request": item("update_item", "request#hash"),
        "mark a proof as used": item("update_item", "proof#jti"),
        "write another item": item("update_item", "other#user"),
        "read a challenge after a password": item("get_item", "sign_in_password#user"),
        "read a challenge without a password": item("get_item", "sign_in_code#user"),
        "read a token's challenge": item("get_item", "token#hash"),
        "read a step-up's challenge": item("get_item", "step_up#user"),
        "read the nonce of a challenge after a password": attributes("sign_in_password#user", "nonce"),
        "read the nonce of a challenge without a password": attributes("sign_in_code#user", "nonce"),
        "read the nonce of a token's challenge": attributes("token#hash", "nonce", "sent_at"),
        "read the nonce of a step-up's challenge": attributes("step_up#user", "sent_at", "nonce"),
        "read the counters of a challenge": attributes("sign_in_code#user", "nonce", "failures"),
        "read the nonce of another item": attributes("other#user", "nonce"),
        "read for the health check": item("get_item", "health#ready"),
        "read another item": item("get_item", "other#user"),
        "read the SMS budget": item("get_item", "sms_day#2026-01-01"),
        "scan the table": ["dynamodb", "scan", {"TableName": deployed.table}],
        "query a challenge": [
            "dynamodb",
            "query",
            {
                "TableName": deployed.table,
                "KeyConditionExpression": "pk = :key",
                "ExpressionAttributeValues": {":key": {"S": "sign_in_code#user"}},
            },
        ],
        "read challenges in a batch": batch("sign_in_code#user"),
        "read the counts of SMS": batch("sms_day#2026-01-01", "sms_to#proven#hash"),
        "read the counts of SMS and a challenge": batch("sms_day#2026-01-01", "sign_in_code#user"),
        "read the counts of SMS without a password": batch("sms_to#open#hash"),
        "replace a challenge": [
            "dynamodb",
            "put_item",
            {"TableName": deployed.table, "Item": {"pk": {"S": "sign_in_code#user"}}},
        ],
        "release a request": item("delete_item", "request#hash"),
        "delete a used proof": item("delete_item", "proof#jti"),
        "delete a challenge after a password": item("delete_item", "sign_in_password#user"),
        "delete a challenge without a password": item("delete_item", "sign_in_code#user"),
        "delete a token's challenge": item("delete_item", "token#hash"),
        "delete a step-up's challenge": item("delete_item", "step_up#user"),
    }


def _queues(deployed: Stack) -> Calls:
    dead = deployed.outputs["DeadLettersUrl"]
    events = _events_queue(deployed)
    return {
        "read an event": ["sqs", "receive_message", {"QueueUrl": events}],
        "queue an event": ["sqs", "send_message", {"QueueUrl": events, "MessageBody": "{}"}],
        "queue an email": _send(deployed.queues["email"]),
        "queue a message to a phone": _send(deployed.queues["phone"]),
        "queue a message of Cognito": _send(deployed.queues["cognito"]),
        "queue a dead letter": _send(dead),
        "read a dead letter": ["sqs", "receive_message", {"QueueUrl": dead}],
        "read the attributes of the dead letters": ["sqs", "get_queue_attributes", {"QueueUrl": dead}],
    } | {
        f"{call} the {name} queue": ["sqs", operation, {"QueueUrl": url} | arguments]
        for name, url in deployed.queues.items()
        for call, operation, arguments in (
            ("read a message of", "receive_message", {}),
            ("read the attributes of", "get_queue_attributes", {}),
            ("delete a message of", "delete_message", {"ReceiptHandle": "x"}),
            (
                "hide a message of",
                "change_message_visibility",
                {"ReceiptHandle": "x", "VisibilityTimeout": 5},
            ),
            ("change the policy of", "set_queue_attributes", {"Attributes": {"Policy": ""}}),
            ("empty", "purge_queue", {}),
        )
    }


def _events_queue(deployed: Stack) -> str:
    found = deployed.client("sqs").list_queues(QueueNamePrefix="passcode-DeliveryEventsQueue")["QueueUrls"]
    return str(found[0])


def _send(url: str) -> list[Any]:
    # One group for each call, so that a function does not find the message of another one.
    own = {"MessageGroupId": "a-message", "MessageDeduplicationId": "a-message"}
    return ["sqs", "send_message", {"QueueUrl": url, "MessageBody": "{}"} | own]


def _keys(deployed: Stack) -> Calls:
    settings = _settings(deployed, "token_api")
    code_key, token_key, proof_key = (
        settings[name] for name in ("CODE_KEY_ID", "TOKEN_KEY_ID", "PROOF_KEY_IDS")
    )
    foreign = deployed.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    foreign_key = foreign["KeyMetadata"]["Arn"]

    def mac(key: str) -> list[Any]:
        return ["kms", "generate_mac", {"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": "m"}]

    def signature(key: str, algorithm: str = "RSASSA_PKCS1_V1_5_SHA_256") -> dict[str, Any]:
        return {"KeyId": key, "SigningAlgorithm": algorithm, "Message": "m"}

    proof = deployed.client("kms").sign(**signature(proof_key))["Signature"].hex()
    return {
        "derive a code": mac(code_key),
        "compare a guess with the code key": [
            "kms",
            "verify_mac",
            {"KeyId": code_key, "MacAlgorithm": "HMAC_SHA_256", "Message": "m", "Mac": {"hex": "00" * 32}},
        ],
        "make a challenge token": mac(token_key),
        "sign a proof": ["kms", "sign", signature(proof_key)],
        "sign a proof in another way": ["kms", "sign", signature(proof_key, "RSASSA_PSS_SHA_256")],
        "sign with another key": ["kms", "sign", signature(foreign_key)],
        "check a proof": ["kms", "verify", signature(proof_key) | {"Signature": {"hex": proof}}],
        "read the public key": ["kms", "get_public_key", {"KeyId": proof_key}],
        "read another public key": ["kms", "get_public_key", {"KeyId": foreign_key}],
        "delete the key": ["kms", "schedule_key_deletion", {"KeyId": code_key, "PendingWindowInDays": 7}],
    }


def _decryption(deployed: Stack) -> Calls:
    kms, key = deployed.client("kms"), _settings(deployed, "deliver")["SENDER_KEY_ID"]

    def decryption(key: str, pool: str) -> list[Any]:
        context = {"userpool-id": pool}
        encrypted = kms.encrypt(KeyId=key, Plaintext=b"a data key", EncryptionContext=context)[
            "CiphertextBlob"
        ]
        arguments = {"KeyId": key, "CiphertextBlob": {"hex": encrypted.hex()}, "EncryptionContext": context}
        return ["kms", "decrypt", arguments]

    other_key = kms.create_key()["KeyMetadata"]["Arn"]
    return {
        "decrypt a code of Cognito": decryption(key, deployed.user_pool_id),
        "decrypt a code of another pool": decryption(key, "us-east-1_Other0001"),
        "decrypt with another key": decryption(other_key, deployed.user_pool_id),
        "encrypt with the senders' key": ["kms", "encrypt", {"KeyId": key, "Plaintext": "x"}],
    }


def _messages(deployed: Stack) -> Calls:
    def mail(sender: str) -> list[Any]:
        body = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
        arguments = {
            "FromEmailAddress": sender,
            "Destination": {"ToAddresses": ["user@people.example"]},
            "ConfigurationSetName": _settings(deployed, "deliver")["CONFIGURATION_SET"],
            "Content": {"Simple": body},
        }
        return ["sesv2", "send_email", arguments]

    topic = "arn:aws:sns:us-east-1:000000000000:a-topic"
    return {
        "send a mail": mail("no-reply@passcode.example"),
        "send a mail as another sender": mail("ceo@passcode.example"),
        "send an SMS": ["sns", "publish", {"PhoneNumber": "+12025550123", "Message": "m"}],
        "send an SMS by End User Messaging": [
            "pinpoint-sms-voice-v2",
            "send_text_message",
            {"DestinationPhoneNumber": "+12025550123", "MessageBody": "m"},
        ],
        "call a number": [
            "pinpoint-sms-voice-v2",
            "send_voice_message",
            {"DestinationPhoneNumber": "+12025550123", "OriginationIdentity": "+12025550100"},
        ],
        "report an answered SMS": [
            "pinpoint-sms-voice-v2",
            "put_message_feedback",
            {"MessageId": "1", "MessageFeedbackStatus": "RECEIVED"},
        ],
        "publish to a topic": ["sns", "publish", {"TopicArn": topic, "Message": "m"}],
    }


def _users(deployed: Stack) -> Calls:
    pool = {"UserPoolId": deployed.user_pool_id}
    made = deployed.client("cognito-idp").admin_create_user(**pool, Username="user@people.example")
    user = pool | {"Username": made["User"]["Username"]}
    return {
        "read a user": ["cognito-idp", "admin_get_user", user],
        "change a user": ["cognito-idp", "admin_disable_user", user],
        "list the users": ["cognito-idp", "list_users", pool],
    }


def _functions(deployed: Stack) -> Calls:
    def invoke(name: str) -> list[Any]:
        return ["lambda", "invoke", {"FunctionName": name, "Payload": '{"calls": {}}'}]

    return {
        "invoke the operator's function": invoke(OPERATORS_FUNCTION),
        "invoke another function": invoke(deployed.functions["verify_auth_challenge"]),
    }


def _settings(deployed: Stack, function: str) -> dict[str, str]:
    found = deployed.client("lambda").get_function_configuration(FunctionName=deployed.functions[function])
    variables: dict[str, str] = found["Environment"]["Variables"]
    return variables
