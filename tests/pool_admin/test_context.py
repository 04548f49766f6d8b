"""The AWS account and the region of a command."""

import pytest

from tests.support.fake_user_pool import POOL_ID
from tools.pool_admin.context import AwsAccount, region_of_pool
from tools.pool_admin.errors import AdminError


def test_throttled_calls_have_a_limited_number_of_attempts() -> None:
    client = AwsAccount(region="eu-central-1", endpoint_url="https://aws.example").client("cognito-idp")
    assert client.meta.config.retries["total_max_attempts"] == 6


def test_a_local_aws_does_not_get_real_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "theirs")
    client = AwsAccount(endpoint_url="http://127.0.0.1:1").client("cognito-idp")
    assert client._get_credentials().access_key == "test"


@pytest.mark.parametrize("pool_id", ["users", "eu-central-1", "eu-central-1_", "eu-central-1_A/../b", ""])
def test_text_that_is_no_pool_id_is_refused(pool_id: str) -> None:
    with pytest.raises(AdminError, match="is not the id of a user pool"):
        region_of_pool(pool_id)


def test_a_pool_in_another_region_than_the_option_is_refused() -> None:
    assert AwsAccount(region=None).in_region_of("us-gov-west-1_Abc").region == "us-gov-west-1"
    with pytest.raises(AdminError, match="The pool is in eu-central-1"):
        AwsAccount(region="eu-west-1").in_region_of(POOL_ID)


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1"])
def test_the_region_of_a_pool_is_read_from_its_id(region: str) -> None:
    assert region_of_pool(f"{region}_Abc") == region
