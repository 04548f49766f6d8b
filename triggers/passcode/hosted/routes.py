"""The paths with their methods: read the request, call one function, respond.

API Gateway has matched the path already, so a table is enough.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from passcode.hosted import pages, responses
from passcode.hosted.oidc import AuthorizationError, InvalidRedirect, answer_url, discovery
from passcode.hosted.pages import Brand, View
from passcode.hosted.provider import Provider, TokenError
from passcode.hosted.requests import bearer_of, cookie_of, form_of, language_of
from passcode.hosted.responses import Answer
from passcode.hosted.sign_in_page import BAD_LINK, NOT_HERE, OTHER_WINDOW, Redirect, SignInPage
from passcode.hosted.state import version_of
from passcode.texts.catalogue import locale_for_header
from passcode.token_service.telemetry import Telemetry

Event = dict[str, Any]


@dataclass(frozen=True)
class HostedRoutes:
    """The functions behind the paths. `logo` is a picture and its media type."""

    page: SignInPage
    provider: Provider
    key_set: Callable[[], Mapping[str, Any]]
    brand: Brand
    logo: tuple[bytes, str] | None
    look: responses.PageResponses
    issuer: str
    telemetry: Telemetry

    def answer(self, event: Event) -> Answer:
        """Return the response to one proxy event of a REST API. Raises nothing."""
        try:
            route = _ROUTES.get((event["httpMethod"], event["resource"]))
            return route(self, event, int(time.time())) if route else self._show(NOT_HERE, event, 404)
        except Exception as error:
            # The log distinguishes an unavailable dependency from a bug. The response does not.
            self.telemetry.failed("failed", error)
            return responses.unavailable()
        finally:
            self.telemetry.set_context()

    def _authorize(self, event: Event, now: int) -> Answer:
        given = event.get("multiValueQueryStringParameters") or {}
        try:
            cookie = self.page.begin(given, now)
        except InvalidRedirect:
            self.telemetry.count("refused", reason="bad_link")
            return self._show(BAD_LINK, event, 400)
        except AuthorizationError as why:
            self.telemetry.count("refused", reason=why.error)
            return self.look.leave(answer_url(why.redirect_uri, why.state, self.issuer, error=why.error))
        self.telemetry.count("started")
        return self.look.to_page(cookie)

    def _page(self, event: Event, now: int) -> Answer:
        view = self.page.view(cookie_of(event), now)
        return self._show(view, event, 400 if view is NOT_HERE else 200)

    def _submit(self, event: Event, now: int) -> Answer:
        cookie = cookie_of(event)
        try:
            form = form_of(event)
        except ValueError:
            return self._show(NOT_HERE, event, 400)
        if cookie is None:
            return self._show(NOT_HERE, event, 400)
        version = version_of(cookie, form.get("csrf", ""))
        if version is None:
            # Another window started a newer sign-in, or another site sent this form. The page explains it.
            return self._show(OTHER_WINDOW, event, 403)
        done = self.page.submit(cookie, version, form, now)
        if done is None:
            return self._show(NOT_HERE, event, 400)
        return self.look.leave(done.url, forget=True) if isinstance(done, Redirect) else self.look.to_page()

    def _token(self, event: Event, now: int) -> Answer:
        try:
            return responses.secret_json(self.provider.exchange(form_of(event), now))
        except ValueError:
            return responses.secret_json({"error": "invalid_request"}, 400)
        except TokenError as error:
            return responses.secret_json({"error": str(error)}, error.status)

    def _user_info(self, event: Event, now: int) -> Answer:
        token = bearer_of(event)
        claims = self.provider.user_info(token, now) if token else None
        return responses.secret_json(claims) if claims else responses.no_bearer(given=bool(token))

    def _logout(self, event: Event, now: int) -> Answer:
        # The provider keeps no browser session, so only an open page can be ended.
        cookie = cookie_of(event)
        if cookie is not None:
            self.page.leave(cookie, now)
        return self._show(NOT_HERE, event, 200, forget=True)

    def _asset(self, event: Event, _now: int) -> Answer:
        name = (event.get("pathParameters") or {}).get("name", "")
        found = self.logo if name == "logo" else pages.asset(name, self.brand)
        if found is None:
            return self._show(NOT_HERE, event, 404)
        # During a deployment a new page may reach the old function: caches must not keep that file forever.
        asked = (event.get("queryStringParameters") or {}).get("v")
        for_good = name != "logo" and asked == pages.version(name, self.brand)
        return responses.asset(*found, for_good=for_good)

    def _discovery(self, _event: Event, _now: int) -> Answer:
        return responses.public_json(discovery(self.issuer))

    def _keys(self, _event: Event, _now: int) -> Answer:
        return responses.public_json(dict(self.key_set()))

    def _show(self, view: View, event: Event, status: int, *, forget: bool = False) -> Answer:
        html = pages.render(view, self.brand, locale_for_header(language_of(event)))
        return self.look.page(html, status, forget=forget)


_ROUTES: dict[tuple[str, str], Callable[[HostedRoutes, Event, int], Answer]] = {
    ("GET", "/authorize"): HostedRoutes._authorize,
    ("GET", "/sign-in"): HostedRoutes._page,
    ("POST", "/sign-in"): HostedRoutes._submit,
    ("POST", "/token"): HostedRoutes._token,
    ("GET", "/userinfo"): HostedRoutes._user_info,
    ("POST", "/userinfo"): HostedRoutes._user_info,
    ("GET", "/logout"): HostedRoutes._logout,
    ("GET", "/assets/{name}"): HostedRoutes._asset,
    ("GET", "/.well-known/openid-configuration"): HostedRoutes._discovery,
    ("GET", "/.well-known/jwks.json"): HostedRoutes._keys,
}
