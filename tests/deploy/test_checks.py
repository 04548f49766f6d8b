"""Wrong answers, each with the sentence that says what to do, without a call to AWS."""

import json

import pytest
from cfnlint.decode.cfn_yaml import loads

from tools.deploy.checks import (
    ENVIRONMENT_BYTES,
    NAME_LIMITS,
    environment_size,
    longest_stack_name,
    stack_name_problem,
    stack_problems,
    value_problems,
)
from tools.deploy.former import FORMER, without_former
from tools.deploy.template import Template, Values

REGION = "ap-southeast-1"

SMALL = """
Parameters:
  Size: { Type: Number, Default: 6, MinValue: 6, MaxValue: 1000 }
  Name:
    { Type: String, Default: app, AllowedPattern: "[a-z]{1,5000}", ConstraintDescription: lower-case. }
  Kind: { Type: String, Default: "OFF", AllowedValues: ["OFF", SMALL, LARGE] }
Conditions:
  IsLarge: !Equals [!Ref Kind, LARGE]
  IsOn: !Not [!Equals [!Ref Kind, "OFF"]]
Rules:
  LargeNeedsSize:
    RuleCondition: !Equals [!Ref Kind, LARGE]
    Assertions:
      - Assert: !Not [!Equals [!Ref Size, "6"]]
        AssertDescription: A large one needs a Size above 6.
Mappings: { Shares: { "6": { One: 3 } } }
Globals: { Function: { Environment: { Variables: { NAME: !Ref Name, SHARED: shared } } } }
Resources:
  Key: { Type: AWS::KMS::Key }
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub "${AWS::StackName}-sixteen-letters" } }
  Sender:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${AWS::StackName}-sender
      Environment:
        Variables:
          SHARED: !If [IsOn, own, !Ref AWS::NoValue]
          LIST: !Join [",", [a, !Select [1, !Split [",", "x,y"]]]]
          SHARE: !FindInMap [Shares, !Ref Size, One]
          KEY: !GetAtt Key.Arn
          ADDRESS: !Sub ["${Queue}/${Key.Arn}/${Own}", { Own: !Ref Size }]
  Large:
    Type: AWS::Serverless::Function
    Condition: IsLarge
    Properties: { Environment: { Variables: { BOTH: !If [IsOn, !Ref Name, ""] } } }
"""


@pytest.fixture
def small() -> Template:
    return Template(loads(SMALL))


def test_the_longest_function_name_limits_the_name_of_the_stack(template: Template) -> None:
    limit, what = longest_stack_name(template)
    names = [
        resource["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}")
        for resource in template.resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    assert limit == 64 - max(map(len, names)) == 42
    assert "function name" in what


def test_a_stack_name_of_42_characters_is_accepted_and_one_of_43_is_not(template: Template) -> None:
    assert stack_name_problem(template, "s" * 42) is None
    assert (stack_name_problem(template, "s" * 43) or "").endswith(
        "has 43 characters, and may have 42 at most, because the function name of DefineAuthChallenge "
        "contains it. Choose a shorter one."
    )


@pytest.mark.parametrize("name", ["", "1st", "-a", "a_b", "a b", "ä", "a.b", "a\n"])
def test_a_name_that_cloudformation_refuses_is_refused(template: Template, name: str) -> None:
    assert "cannot be the name of a stack" in (stack_name_problem(template, name) or "")


def test_each_name_that_contains_the_stack_has_a_known_limit(template: Template) -> None:
    # The resources whose property is Name allow 255 characters or more.
    for name, resource in template.resources.items():
        for key, value in resource.get("Properties", {}).items():
            if key.endswith("Name") and key != "Name" and "${AWS::StackName}" in json.dumps(value):
                assert key in NAME_LIMITS, f"{key} of {name}"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("Kidn", "OFF", "There is no parameter Kidn. Did you mean Kind?"),
        ("kind", "OFF", "There is no parameter kind. Did you mean Kind?"),
        ("Elephant", "", "There is no parameter Elephant. docs/parameters.md lists all of them."),
        ("Kind", "ON", "Kind is ON. Allowed are OFF, SMALL and LARGE."),
        ("Kind", "", "Kind is empty. Allowed are OFF, SMALL and LARGE."),
        ("Size", "5", "Size is 5. It must be a number from 6 to 1,000."),
        ("Size", "1001", "Size is 1001. It must be a number from 6 to 1,000."),
        ("Size", "six", "Size is six. It must be a number from 6 to 1,000."),
        ("Size", "NaN", "Size is NaN. It must be a number from 6 to 1,000."),
        ("Name", "Upper", "Name is Upper. It must be lower-case."),
        ("Name", "a" * 70 + "1", f"Name is {'a' * 57}.... It must be lower-case."),
        ("Name", "a\n", "Name is a\n. It must be lower-case."),
    ],
)
def test_each_wrong_value_gets_one_sentence(small: Template, name: str, value: str, problem: str) -> None:
    assert value_problems(small, {"Name": "fine", name: value}) == [problem]


@pytest.mark.parametrize(("name", "value"), [("Size", "6"), ("Size", "1000"), ("Kind", "OFF"), ("Name", "a")])
def test_values_at_the_limits_are_accepted(small: Template, name: str, value: str) -> None:
    assert value_problems(small, {name: value}) == []


@pytest.mark.parametrize("prefix", ["aws", "my-aws-app", "amazonia", "cognito-login", "xcognitox"])
def test_a_reserved_word_in_the_domain_is_named(template: Template, prefix: str) -> None:
    (problem,) = value_problems(template, {"HostedDomainPrefix": prefix})
    word = next(word for word in ("aws", "amazon", "cognito") if word in prefix)
    assert problem.startswith(
        f"HostedDomainPrefix is {prefix}. Cognito accepts no prefix with the word {word}."
    )
    assert value_problems(template, {"HostedDomainPrefix": "passcode-a-w-s"}) == []


def test_a_broken_rule_of_the_template_is_its_own_sentence(
    template: Template, parameters: dict[str, str]
) -> None:
    assert stack_problems(template, parameters, "passcode", REGION) == []
    parameters["HostedSignInMode"] = "PASSWORD_AND_CODE"
    first, second = stack_problems(template, parameters, "passcode", REGION)
    assert first == "The hosted sign-in needs the URL of your app. Set HostedCallbackUrls."
    assert second.startswith(
        "The hosted sign-in needs a domain. Set HostedDomainPrefix for a new domain, or "
    )


def test_conditions_and_functions_have_the_values_of_the_parameters(small: Template) -> None:
    off = Values(small, {}, "passcode", REGION)
    arn = "arn:aws:secretsmanager:ap-southeast-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    queue = "https://sqs.ap-southeast-1.amazonaws.com/123456789012/passcode-Queue-AAAAAAAAAAAAA.fifo"
    assert off.environments() == {
        "Sender": {
            "NAME": "app",
            "LIST": "a,y",
            "SHARE": "3",
            "KEY": arn,
            "ADDRESS": f"{queue}/{arn}/6",
        }
    }
    large = Values(small, {"Kind": "LARGE", "Size": "6"}, "passcode", REGION)
    assert large.environments()["Large"] == {"NAME": "app", "SHARED": "shared", "BOTH": "app"}
    assert large.environments()["Sender"]["SHARED"] == "own"
    assert large.broken_rules() == ["A large one needs a Size above 6."]
    assert off.broken_rules() == []


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_an_arn_has_the_partition_of_the_region(small: Template, region: str, partition: str) -> None:
    environment = Values(small, {}, "passcode", region).environments()["Sender"]
    assert environment["KEY"].startswith(f"arn:{partition}:")
    assert (".amazonaws.com.cn/" in environment["ADDRESS"]) is (region == "cn-north-1")


def test_settings_of_exactly_4_kb_are_accepted_and_one_byte_more_is_not(small: Template) -> None:
    size = environment_size(Values(small, {"Name": ""}, "passcode", REGION).environments()["Sender"])
    fits = {**small.defaults, "Name": "a" * (ENVIRONMENT_BYTES - size)}
    assert stack_problems(small, fits, "passcode", REGION) == []
    assert stack_problems(small, {**fits, "Name": fits["Name"] + "a"}, "passcode", REGION) == [
        "The settings of the function Sender need 4,097 bytes, and Lambda allows 4,096. Shorten Name."
    ]


def test_lambda_measures_bytes_and_not_characters() -> None:
    assert environment_size({"A": "ü"}) == len(b'{"A":"\xc3\xbc"}') == 10


def test_the_longest_settings_of_a_function_are_named(template: Template, parameters: dict[str, str]) -> None:
    parameters["BrandLogo"] = "data:image/png;base64," + "A" * 1900
    assert stack_problems(template, parameters, "s" * 42, REGION) == []
    parameters["SmsCountries"] = ",".join(["DE"] * 249)
    (problem,) = stack_problems(template, parameters, "s" * 42, REGION)
    assert problem.startswith("The settings of the function Deliver need 4,")
    assert problem.endswith("bytes, and Lambda allows 4,096. Shorten BrandLogo and SmsCountries.")


def test_parameters_of_an_earlier_release_get_their_values_of_today() -> None:
    today = Template({"Parameters": {"SnapStart": {}, "CodeDigits": {}, "LogRetentionDays": {}}})
    values = {"CodeDigits": "6", "CodeOnlyDigits": "8", "SnapStartVersion": "one", "LogLevel": "INFO"}
    kept, dropped = without_former(today, values)
    assert kept == {"CodeDigits": "6,8", "SnapStart": "ON"}
    assert dropped == ["CodeOnlyDigits", "SnapStartVersion", "LogLevel"]
    assert without_former(today, {"SnapStartVersion": ""})[0] == {"SnapStart": "OFF"}
    assert without_former(today, {"SnapStartVersion": "", "SnapStart": "ON"})[0] == {"SnapStart": "ON"}
    assert without_former(today, {"CodeDigits": "7,9"}) == ({"CodeDigits": "7,9"}, [])


def test_a_parameter_of_the_template_is_never_left_out(template: Template) -> None:
    values = dict.fromkeys(template.parameters, "6")
    assert without_former(template, values) == (values, [])
    assert "SnapStart" not in FORMER
